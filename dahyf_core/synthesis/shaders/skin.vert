#version 330

uniform mat4 projection;
uniform vec4 spheres[160];  // what hides the sky: centre, radius
uniform int sphere_count;
uniform sampler3D noise;  // slopes in rgb, value in a; 0.5 is zero
uniform vec3 place_in_noise;

in vec3 in_position;
in vec3 in_normal;
in vec3 in_rest;
in vec4 in_finger;
in vec2 in_uv;

out vec3 position;
out vec3 normal;
out vec3 rest;
out vec4 finger;
out vec2 atlas;
out float openness;
out vec4 coarse;

void main() {
    position = in_position;
    normal = normalize(in_normal);
    rest = in_rest;
    finger = in_finger;
    atlas = in_uv;
    coarse = texture(noise, rest * 7.0 + place_in_noise.zxy) * 2.0 - 1.0;
    float hidden = 0.0;
    for (int i = 0; i < sphere_count; i++) {
        vec3 offset = spheres[i].xyz - position;
        float squared = max(dot(offset, offset), spheres[i].w * spheres[i].w);
        hidden += max(dot(normal, offset), 0.0) * spheres[i].w * spheres[i].w / (squared * sqrt(squared));
    }
    openness = exp(-0.8 * hidden);
    gl_Position = projection * vec4(position, 1.0);
}
