#version 330

uniform mat4 projection;

in vec3 in_position;
in vec3 in_normal;
in vec3 in_place;

out vec3 position;
out vec3 normal;
out vec3 place;

void main() {
    position = in_position;
    normal = normalize(in_normal);
    place = in_place;
    gl_Position = projection * vec4(position, 1.0);
}
