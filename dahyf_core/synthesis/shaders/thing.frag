uniform sampler2D print_texture;
uniform vec3 base_colour;
uniform vec3 second_colour;
uniform float printed;  // share of the photograph in the surface's colour
uniform float weave;  // strength of cloth-like noise
uniform float grain;  // its repeats a metre
uniform float stripes;  // a metre, 0 for none
uniform float gloss;
uniform float sheen;

in vec3 position;
in vec3 normal;
in vec3 place;

out vec4 colour;

void main() {
    vec4 bump = texture(noise, place * grain) * 2.0 - 1.0;
    vec3 albedo = mix(base_colour, second_colour, stripes > 0.0 ? step(0.0, sin(place.x * stripes)) : 0.0);
    vec3 photograph = printed > 0.0 ? texture(print_texture, place.xy * 6.0 + place.z * vec2(2.0, -3.0)).rgb : vec3(0.0);
    albedo = mix(albedo, photograph * photograph, printed) * (1.0 + weave * bump.a);

    vec3 n = normalize(normal);
    vec3 view = normalize(-position);
    if (dot(n, view) < 0.0) n = -n;
    n = normalize(n - weave * bump.rgb);
    float lit = lamp_visibility(position, n);
    vec3 diffuse = lamp_colour * max(dot(n, lamp_direction), 0.0) * lit
        + fill_colour * max(dot(n, fill_direction), 0.0) + sky_light(n);
    vec3 specular = lamp_colour * lit * highlight(n, view, lamp_direction, gloss) + mirrored(reflect(-view, n)) * 0.04;
    colour = vec4(developed(albedo * diffuse + sheen * specular), 1.0);
}
