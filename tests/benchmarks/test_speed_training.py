"""What is counted as LightGBM's own time in a training."""

import threading
import time

import pytest

from benchmarks.speed.training import Call, Clock


def test_a_call_within_a_call_counts_once() -> None:
    clock = Clock()
    inner = clock.timed(lambda: None, "build")
    clock.timed(inner, "grow")()
    assert [one.what for one in clock.calls] == ["grow"]


def test_a_call_of_another_thread_meanwhile_counts_as_well() -> None:
    clock, entered = Clock(), threading.Barrier(2, timeout=10)
    call = clock.timed(entered.wait, "grow")
    other = threading.Thread(target=call)
    other.start()
    call()
    other.join()
    assert [one.what for one in clock.calls] == ["grow", "grow"]


def test_a_call_that_fails_counts_and_the_next_one_too() -> None:
    clock = Clock()
    call = clock.timed(lambda: 1 / 0, "predict")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            call()
    assert len(clock.calls) == 2


def test_seconds_are_told_by_what_was_asked_for() -> None:
    clock = Clock()
    clock.timed(lambda: time.sleep(0.02), "grow")()
    clock.timed(lambda: None, "predict")()
    assert clock.seconds("grow") >= 0.02
    assert clock.seconds("build") == 0.0
    assert clock.seconds() == pytest.approx(clock.seconds("grow") + clock.seconds("predict"))


def test_time_in_which_two_calls_ran_is_covered_once() -> None:
    clock = Clock()
    clock.calls += [
        Call("grow", 10.0, 14.0, 4.0),
        Call("grow", 12.0, 13.0, 1.0),
        Call("predict", 13.5, 15.0, 1.0),
        Call("build", 20.0, 21.0, 1.0),
    ]
    assert clock.covered() == pytest.approx(6.0)
    assert clock.seconds() == pytest.approx(7.5)
    assert clock.processor_seconds() == pytest.approx(7.0)
