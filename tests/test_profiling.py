import time

import pytest

from dahyf_core.profiling import REST, is_stage, profiled, stage, timed_beside


def test_stages_add_up_to_the_time_and_do_not_count_twice():
    start = time.perf_counter()
    with profiled(start) as profile:
        with stage("outer"):
            with stage("inner"):
                time.sleep(0.03)
            time.sleep(0.01)
        stages = profile.stages()
        total = time.perf_counter() - start
    assert sum(stages.values()) == pytest.approx(total, abs=2e-3)
    assert set(stages) == {"outer", "inner", REST}
    assert stages["inner"] >= 0.03
    assert stages["outer"] < stages["inner"]
    assert next(iter(stages)) == "inner"


def test_a_stage_that_fails_ends():
    with profiled(time.perf_counter()) as profile:
        with pytest.raises(ZeroDivisionError), stage("failing"):
            1 / 0  # noqa: B018
        time.sleep(0.01)
    assert profile.stages()[REST] >= 0.01


def test_functions_are_stages_only_where_a_profile_is_kept():
    @is_stage("work")
    def double(number: int) -> int:
        return 2 * number

    assert double(2) == 4
    with profiled(time.perf_counter()) as profile:
        assert double(3) == 6
    assert "work" in profile.stages()


def test_what_is_made_in_another_thread_counts_beside():
    def slowly():
        for number in range(3):
            time.sleep(0.01)
            yield number

    with profiled(time.perf_counter()) as profile:
        assert list(timed_beside("making", slowly())) == [0, 1, 2]
    assert profile.beside()["making"] >= 0.03
    assert "making" not in profile.stages()
