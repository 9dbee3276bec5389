// Light in the camera's axes: one lamp with a shadow map, one without, and surroundings.
#version 330

uniform vec3 lamp_direction;  // towards the lamp
uniform vec3 lamp_colour;
uniform vec3 fill_direction;
uniform vec3 fill_colour;
uniform vec3 sky[9];  // spherical harmonics
uniform mat3 to_surroundings;
uniform int reflection;  // layer, -1 for none
uniform float reflection_level;
uniform sampler2DArray reflections;
uniform mat4 shadow_matrix;
uniform sampler2DShadow shadow_map;
uniform sampler3D noise;  // slopes in rgb, value in a; 0.5 is zero

vec3 sky_light(vec3 direction) {
    vec3 d = to_surroundings * direction;
    vec3 light = 0.282095 * sky[0] + 0.488603 * (sky[1] * d.x + sky[2] * d.y + sky[3] * d.z)
        + 1.092548 * (sky[4] * d.x * d.y + sky[5] * d.y * d.z + sky[6] * d.x * d.z)
        + 0.315392 * sky[7] * (3.0 * d.z * d.z - 1.0) + 0.546274 * sky[8] * (d.x * d.x - d.y * d.y);
    return max(light, 0.0);
}

// What a surface of some roughness mirrors from a direction: an unfolded octahedron, upwards in its middle.
vec3 mirrored(vec3 direction) {
    if (reflection < 0) return sky_light(direction);
    vec3 d = to_surroundings * direction;
    d /= abs(d.x) + abs(d.y) + abs(d.z);
    vec2 folded = (1.0 - abs(d.zx)) * vec2(d.x < 0.0 ? -1.0 : 1.0, d.z < 0.0 ? -1.0 : 1.0);
    vec2 place = d.y > 0.0 ? folded : d.xz;
    return reflection_level * texture(reflections, vec3(place * 0.5 + 0.5, reflection)).rgb;
}

float lamp_visibility(vec3 position, vec3 normal) {
    vec3 place = (shadow_matrix * vec4(position + normal * 0.0025, 1.0)).xyz * 0.5 + 0.5;
    vec2 texel = 1.2 / vec2(textureSize(shadow_map, 0));
    float bias = 0.004;
    float sum = 0.0;
    sum += texture(shadow_map, vec3(place.xy + texel * vec2(-0.4, -0.9), place.z - bias));
    sum += texture(shadow_map, vec3(place.xy + texel * vec2(0.9, -0.4), place.z - bias));
    sum += texture(shadow_map, vec3(place.xy + texel * vec2(0.4, 0.9), place.z - bias));
    sum += texture(shadow_map, vec3(place.xy + texel * vec2(-0.9, 0.4), place.z - bias));
    return sum * 0.25;
}

vec3 wrapped(float cosine, vec3 wrap) {
    return max((cosine + wrap) / (1.0 + wrap), 0.0);
}

// Blinn and Phong's highlight with Schlick's Fresnel term.
float highlight(vec3 normal, vec3 view, vec3 light, float gloss) {
    vec3 middle = normalize(light + view);
    float away = 1.0 - max(dot(view, middle), 0.0);
    float fresnel = 0.028 + 0.972 * away * away * away * away * away;
    return fresnel * (gloss + 8.0) / 8.0 * pow(max(dot(normal, middle), 0.0), gloss) * max(dot(normal, light), 0.0);
}

// Linear light to the bytes of a picture: a soft shoulder, then a display's gamma, taken as 2.
vec3 developed(vec3 light) {
    vec3 over = max(light - 0.6, 0.0) * 2.5;
    return sqrt(min(light, 0.6) + 0.4 * over / (1.0 + over));
}
