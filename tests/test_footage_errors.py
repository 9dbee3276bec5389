"""Files that are no footage get one sentence that names the file and says why, and one that helps."""

import socket
from pathlib import Path

import pytest
from footage_factory import cut_short, write_frameless_video, write_sound, write_video

from dahyf_core.errors import FootageError
from dahyf_core.footage import probe


@pytest.mark.parametrize("name", ["clip.mp4", "still.png", "folder/clip.mov"])
def test_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(FootageError, match=rf"{name} does not exist") as raised:
        probe(tmp_path / name)
    assert raised.value.remedy == "Check the spelling of the path."


@pytest.mark.parametrize("content", [b"", b"this is a letter, not a film" * 50])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.xyz", "still.png"])
def test_not_footage(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FootageError, match=rf"{name} cannot be read as"):
        probe(tmp_path / name)


def test_video_without_its_index(tmp_path: Path) -> None:
    path = cut_short(write_video(tmp_path / "clip.mp4"), 0.2)
    with pytest.raises(FootageError, match=r"clip\.mp4 is incomplete"):
        probe(path)


def test_video_whose_frames_are_all_gone(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + 4])
    with pytest.raises(FootageError, match=r"clip\.mp4 holds no frames that can be decoded"):
        probe(path)


def test_sound(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"song\.m4a holds only sound"):
        probe(write_sound(tmp_path / "song.m4a"))


def test_video_without_frames(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"empty\.mp4 holds no video"):
        probe(write_frameless_video(tmp_path / "empty.mp4"))


def test_playlists_do_not_reach_the_network(tmp_path: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        playlist.write_text(f"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/clip.ts\n#EXT-X-ENDLIST\n")
        with pytest.raises(FootageError, match=r"list\.m3u8 (cannot be read|holds no)"):
            probe(playlist)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
