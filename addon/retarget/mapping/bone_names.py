"""Reading bone names in several languages: finger, side, or another kind of bone. No bpy here."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

FINGER_WORDS: Final = {
    "thumb": "thumb thmb pouce pulgar polegar pollice daumen большой 大拇指 拇指 親指 엄지",
    "index": "index indx pointer forefinger fore indice indicador zeige zeigefinger указательный "
    "食指 人差し指 人差指 人指 검지 집게",
    "middle": "middle mid majeur medio mittel mittelfinger средний 中指 중지",
    "ring": "ring annulaire anular anelar anulare ringfinger безымянный 无名指 無名指 薬指 약지",
    "little": "little pinky pinkie pink auriculaire menique mindinho minimo mignolo kleiner kleinfinger мизинец "
    "小拇指 小指 尾指 소지 새끼",
}
"""Words for each finger: English, French, Spanish, Portuguese, Italian, German, Russian, Chinese, Japanese, Korean."""

PLACES: Final = frozenset({"middle"})
"""Fingers whose word is also a position: `index_mid` is the middle of the index finger."""

SIDE_WORDS: Final = {
    "left": "left l lft gauche izquierda izq esquerda esq sinistra sx links левая левый л 左 왼",
    "right": "right r rgt droite droit derecha der direita dir destra dx rechts правая правый п 右 오른",
}
PALM_WORDS: Final = "metacarpal carpal carpus palm meta inhand 掌"
END_WORDS: Final = "end tip nub leaf nul 先 末端 尖"
HAND_WORDS: Final = "hand wrist palm main poignet mano muneca polso mao pulso handgelenk кисть 手 手首 手腕 손 손목"
NEVER_HANDS: Final = (
    "foot feet toe toes ankle leg legs thigh calf shin knee hoof heel ball spine chest torso abdomen waist hip hips "
    "pelvis body head neck jaw face eye ear tail wing fin hair skirt breast shoulder clavicle collar shldr arm arms "
    "upperarm forearm lowerarm elbow root 足 足首 頭 首 髪 肩 腕 上半身 下半身 ひじ 肘 脚 头"
)
"""Words of bones that carry chains but are not hands, unless the name also has a word for a hand: `hand_fk_arm`."""

NEVER_FINGERS: Final = (
    "toe toes foot feet leg arm arms ear ears earring skirt dress cloth hair bang ponytail tail wing fin feather limb "
    "head neck eye brow lip tongue twist ik pole target drv mch org str tweak dsp dspl face master belt key necklace "
    "breast ribbon sleeve 足 髪 袖"
)
"""Words of bones that are named like a finger or are below a hand, but are neither a finger nor its control."""

DEFORMING: Final = "def deform bind skin"
"""Words of bones that only follow controls in rigs that have both."""


@dataclass(frozen=True)
class BoneName:
    """A parsed name. fingers: those that it may mean. side: left, right or None. stem: its words without numbers."""

    words: frozenset[str]
    fingers: tuple[str, ...]
    side: str | None
    stem: tuple[str, ...]

    def has(self, vocabulary: str) -> bool:
        """Whether one of these words, which spaces separate, is in the name."""
        return not self.words.isdisjoint(vocabulary.split())

    @property
    def finger(self) -> str | None:
        """The finger that the bone belongs to by its name; None for feet, ears, skirts, helpers and end bones."""
        return self.fingers[0] if len(self.fingers) == 1 and not self.has(NEVER_FINGERS) else None

    @property
    def may_be_hand(self) -> bool:
        """Whether the name allows that the bone is a hand."""
        return self.has(HAND_WORDS) or not self.has(NEVER_HANDS)


@lru_cache(maxsize=4096)
def read_name(name: str) -> BoneName:
    """The meaning of a bone's name: `RightHandIndex1`, `f_pinky.02.L`, `Bip001 L Finger0`, `左中指１`."""
    text = unicodedata.normalize("NFKC", name.rpartition(":")[2])
    found, text = without_spaces_between(text)
    words = [*found, *split_latin(text)]
    fingers = [finger for finger, known in FINGER_WORDS.items() if not set(known.split()).isdisjoint(words)]
    if len(fingers) > 1:
        fingers = [finger for finger in fingers if finger not in PLACES]
    sides = [side for side, known in SIDE_WORDS.items() if not set(known.split()).isdisjoint(words)]
    return BoneName(
        words=frozenset(words),
        fingers=tuple(fingers),
        side=sides[0] if len(sides) == 1 else None,
        stem=tuple(word for word in words if not word.isdigit()),
    )


def split_latin(text: str) -> list[str]:
    """The words of an alphabetic text, split at capitals, digits and signs, without accents."""
    bases = (unicodedata.normalize("NFD", letter)[0] for letter in text)
    plain = "".join(base if base.isascii() else letter for base, letter in zip(bases, text, strict=True))
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+|\d+", plain)
    return [part for word in words for part in parts_of(word.lower())]


def parts_of(word: str) -> list[str]:
    """A word, split into known words if it is made of them: `lefthandthumb`."""
    if word in WHOLE or not COMPOUND.fullmatch(word):
        return [word]
    return PART.findall(word)


def without_spaces_between(text: str) -> tuple[list[str], str]:
    """The known words in scripts without spaces, the longest first, and the rest of the text."""
    found = []
    for word in UNSPACED:
        if word in text:
            found.append(word)
            text = text.replace(word, " ")
    return found, text


def unspaced(vocabularies: Collection[str]) -> tuple[str, ...]:
    """The words in Chinese, Japanese or Korean script, the longest first."""
    words = {word for vocabulary in vocabularies for word in vocabulary.split() if word[0] >= "\u3000"}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


ALL_WORDS: Final = (
    *FINGER_WORDS.values(),
    *SIDE_WORDS.values(),
    PALM_WORDS,
    END_WORDS,
    HAND_WORDS,
    NEVER_HANDS,
    NEVER_FINGERS,
)
UNSPACED: Final = unspaced(ALL_WORDS)
WHOLE: Final = frozenset(word for vocabulary in ALL_WORDS for word in vocabulary.split())
PART: Final = re.compile("left|right|hand|wrist|finger|thumb|index|middle|mid|ring|pinky|little|ear|skirt|toe|foot|key")
COMPOUND: Final = re.compile(f"(?:{PART.pattern}){{2,}}")
