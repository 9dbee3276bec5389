uniform vec3 back_colour;  // linear reflectance
uniform vec3 palm_colour;
uniform vec3 nail_colour;
uniform vec3 place_in_noise;
uniform float nail_paint;  // 0 bare, 1 painted
uniform float mottling;
uniform float redness;
uniform float creases;
uniform float veins;
uniform float gloss;
uniform float sheen;
uniform vec3 scattering;  // how far light creeps round into the shade, per colour

uniform int layer;
uniform float detail;
uniform float relief;
uniform sampler2DArray colours;  // over the mean: 96 times the root; in alpha a glove's cover
uniform sampler2DArray reliefs;  // leaning along u and v, roughness
uniform vec3 arm_patch;  // middle and half side of what the forearm repeats

uniform bool gloved;
uniform int glove_layer;
uniform int glove_relief_layer;
uniform vec3 glove_colour;
uniform float glove_detail;
uniform float glove_relief;
uniform float glove_gloss;
uniform float glove_sheen;

in vec2 atlas;
in vec3 position;
in vec3 normal;
in vec3 rest;
in vec4 finger;
in float openness;
in vec4 coarse;  // noise

out vec4 colour;

// A soft line: 1 at distance 0, nothing beyond twice the width.
float line(float distance, float width) {
    float q = distance / (2.0 * width);
    float inside = max(1.0 - q * q, 0.0);
    return inside * inside * inside;
}

// The three great lines of the palm, on the rest hand's plane.
float palm_lines(vec2 p, float wobble) {
    float inside = smoothstep(-0.096, -0.088, p.x) * smoothstep(0.005, -0.01, p.x);
    float heart = p.x + 0.075 + 0.36 * p.y + 1.5 * p.y * p.y + 0.004 * wobble;
    float head = p.x + 0.057 + 0.32 * p.y + 0.004 * wobble;
    float bow = smoothstep(-0.03, -0.068, p.x);
    float life = p.y + 0.004 - 0.03 * bow * bow + 0.003 * wobble;
    float heart_part = smoothstep(0.018, 0.008, p.y);
    float head_part = smoothstep(-0.032, -0.02, p.y) * smoothstep(0.034, 0.026, p.y);
    float life_part = smoothstep(-0.068, -0.06, p.x);
    float heart_and_head = max(line(heart, 0.0013) * heart_part, line(head, 0.0012) * head_part);
    return inside * max(heart_and_head, line(life, 0.0014) * life_part);
}

// Folds of the skin at a finger's joints.
float finger_folds(float along, float palmar, float rough) {
    float below = line(along - 1.0 + 0.04 * coarse.r, 0.035) + line(along - 2.0 + 0.04 * coarse.g, 0.035)
        + 0.8 * line(along - 0.42 + 0.05 * coarse.b, 0.045) + 0.4 * line(along - 1.1 + 0.05 * coarse.g, 0.03);
    float above = (line(along - 1.0, 0.17) + 0.6 * line(along - 2.0, 0.1)) * (0.5 + 0.5 * sin(along * 75.0 + 4.0 * coarse.a));
    return max(palmar * below, 0.7 * (1.0 - palmar) * above * (0.5 + 0.5 * smoothstep(-0.2, 0.4, rough)));
}

// 1 on the nail; and how close its rim is.
vec2 nail(float along, float across) {
    vec2 place = vec2((along - 2.71) / 0.27, across / 0.72);
    vec2 squared = place * place;
    float form = squared.x * abs(place.x) + squared.y * abs(place.y);
    return vec2(1.0 - smoothstep(0.8, 1.05, form), smoothstep(0.5, 0.95, form) * (1.0 - smoothstep(1.05, 1.6, form)));
}

vec3 ratio(vec2 place) {
    vec3 code = texture(colours, vec3(place, layer)).rgb * (255.0 / 96.0);
    return code * code;
}

// The skin's ways along u and v, from how both change over the picture.
void tangents(out vec3 along, out vec3 across) {
    vec3 right = dFdx(position), down = dFdy(position);
    vec2 to_right = dFdx(atlas), to_down = dFdy(atlas);
    float area = to_right.x * to_down.y - to_right.y * to_down.x;
    along = normalize((right * to_down.y - down * to_right.y) * sign(area) + 1e-12);
    across = normalize((down * to_right.x - right * to_down.x) * sign(area) + 1e-12);
}

void main() {
    bool on_arm = finger.x < -10.0;
    vec2 place = atlas;
    if (on_arm) place = arm_patch.xy + arm_patch.z * (abs(mod(atlas / arm_patch.z, 4.0) - 2.0) - 1.0);
    vec3 along_u, across_u;
    tangents(along_u, across_u);
    vec3 ridges = texture(reliefs, vec3(place, 0.0)).rgb;
    vec2 lean = relief * (ridges.rg * (255.0 / 127.0) - 128.0 / 127.0);
    vec3 look = ratio(place);
    float along = finger.x;
    float back = smoothstep(-0.4, 0.35, finger.w + 0.25 * coarse.a);
    float palmar = 1.0 - smoothstep(-0.3, 0.3, finger.w);

    vec3 albedo = mix(palm_colour, back_colour, back) * (1.0 + mottling * coarse.a);
    vec3 plain = albedo;
    // Both fade out at the wrist, where the forearm begins with another part of the texture.
    float kept = on_arm ? 0.35 * smoothstep(0.02, 0.06, rest.x) : 1.0 - smoothstep(-0.035, 0.01, rest.x);
    albedo *= max(1.0 + detail * kept * (min(look, 2.5) - 1.0), 0.15);
    float blood = redness * (0.5 * coarse.g + 0.35 * (1.0 - back));
    float furrow = 0.0;
    vec2 nail_here = vec2(0.0);
    if (along > 0.0) {
        blood += redness * (smoothstep(1.9, 2.9, along) + 0.7 * back * (line(along, 0.2) + line(along - 1.0, 0.2)));
        furrow = finger_folds(along, palmar, coarse.r);
        if (along > 2.2 && finger.w > 0.1) nail_here = nail(along, finger.y);
    }
    if (along < 0.35) {
        float wrist = line(rest.x - 0.006 + 0.003 * coarse.g, 0.0015) + 0.6 * line(rest.x - 0.013, 0.0012);
        furrow = max(furrow, palmar * max(wrist, along > -10.0 ? palm_lines(rest.xz, coarse.r) : 0.0));
        float ridge = 1.0 - smoothstep(0.0, 0.09, abs(coarse.b + 0.25 * coarse.g));
        albedo *= mix(vec3(1.0), vec3(0.8, 0.93, 0.97), veins * ridge * back);
    }
    furrow = clamp(creases * furrow, 0.0, 1.0);
    albedo *= mix(vec3(1.0), vec3(1.04, 0.8, 0.78), clamp(blood, -0.5, 1.0));
    albedo *= mix(vec3(1.0), vec3(0.62, 0.45, 0.42), furrow);

    float is_nail = nail_here.x;
    float brightness = dot(plain, vec3(0.4));
    vec3 bare = mix(plain, vec3(0.62, 0.4, 0.35) * (0.3 + brightness), 0.4);
    bare = mix(bare, vec3(0.7, 0.62, 0.54) * (0.3 + brightness), smoothstep(2.88, 2.94, along));
    albedo = mix(albedo * (1.0 - 0.3 * nail_here.y), mix(bare, nail_colour, nail_paint), is_nail);

    float shine = sheen * (1.0 + 0.6 * is_nail) * (1.0 - 0.5 * furrow) * (1.6 - 1.2 * ridges.b);
    float polish = mix(gloss, 90.0, 0.8 * is_nail);
    lean *= 1.0 - is_nail;
    vec3 creep = scattering;
    if (gloved && !on_arm) {
        vec4 cloth = texture(colours, vec3(place, glove_layer));
        vec3 folds = texture(reliefs, vec3(place, glove_relief_layer)).rgb;
        vec3 code = cloth.rgb * (255.0 / 96.0);
        albedo = mix(albedo, glove_colour * max(1.0 + glove_detail * (code * code - 1.0), 0.1), cloth.a);
        lean = mix(lean, glove_relief * (folds.rg * (255.0 / 127.0) - 128.0 / 127.0), cloth.a);
        shine = mix(shine, glove_sheen * (1.6 - 1.2 * folds.b), cloth.a);
        polish = mix(polish, glove_gloss, cloth.a);
        creep *= 1.0 - cloth.a;
    }

    vec3 n = normalize(normal);
    vec3 view = normalize(-position);
    float facing = dot(n, view);
    if (facing < 0.0) n = normalize(n - 1.02 * facing * view);
    vec3 slope = -lean.x * along_u - lean.y * across_u;
    vec3 rough_n = normalize(n - slope + n * dot(n, slope));

    float lit = lamp_visibility(position, n);
    vec3 shade = lit + vec3(0.2, 0.0, -0.04) * lit * (1.0 - lit);
    vec3 open = openness + vec3(0.2, 0.0, -0.08) * openness * (1.0 - openness);
    vec3 sky_here = sky_light(rough_n);
    vec3 diffuse = lamp_colour * wrapped(dot(rough_n, lamp_direction), creep) * shade
        + (fill_colour * wrapped(dot(rough_n, fill_direction), creep) + sky_here) * open;
    float grazing = 1.0 - max(facing, 0.0);
    grazing *= grazing;
    vec3 specular = lamp_colour * lit * highlight(rough_n, view, lamp_direction, polish)
        + (mirrored(reflect(-view, rough_n)) + 0.5 * fill_colour) * openness * (0.02 + 0.2 * grazing * grazing);
    colour = vec4(developed(albedo * diffuse + shine * specular), 1.0);
}
