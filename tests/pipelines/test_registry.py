"""Versions, the two aliases, and what keeps a wrong model from scoring."""

from pathlib import Path

import pytest

from features.errors import DataError, NotEnoughError, UsageError
from pipelines.home import Home
from pipelines.registry import Registry
from tests.pipelines.tiny import registered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mlflow_imported")]
PROJECT_FILE = Path("configs/acme.yaml")


def test_the_version_registered_last_is_the_challenger_and_nobody_is_champion_yet(
    home: Home, tmp_path: Path
) -> None:
    first = registered(home, tmp_path / "1")
    second = registered(home, tmp_path / "2", intercept=0.1)
    registry = Registry(home, "acme")
    assert registry.find_challenger() == second
    assert registry.find_champion() is None
    assert registry.versions() == [second, first]
    assert (first.version, first.project, first.step, first.as_of) == (
        "1",
        "acme",
        "base_rate",
        "2026-03-01T00:00:00",
    )


def test_without_any_training_the_message_says_to_train(home: Home) -> None:
    with pytest.raises(NotEnoughError) as caught:
        Registry(home, "acme").champion(PROJECT_FILE)
    assert (
        str(caught.value)
        == "project 'acme' has no champion: run `leadgauge train configs/acme.yaml` first"
    )


def test_a_waiting_challenger_is_named_with_the_command_that_promotes_it(
    home: Home, tmp_path: Path
) -> None:
    registered(home, tmp_path)
    with pytest.raises(NotEnoughError) as caught:
        Registry(home, "acme").champion(PROJECT_FILE)
    assert str(caught.value) == (
        "project 'acme' has no champion: version 1 waits for `leadgauge promote configs/acme.yaml 1`"
    )


def test_promotion_moves_the_champion_and_rollback_moves_it_back_once(
    home: Home, tmp_path: Path
) -> None:
    first, second = (registered(home, tmp_path / str(n), intercept=n / 10) for n in (1, 2))
    registry = Registry(home, "acme")
    assert registry.promote(first) is None
    before = registry.promote(second)
    assert before is not None
    assert before.version == first.version
    assert registry.champion(PROJECT_FILE).version == second.version
    assert registry.champion(PROJECT_FILE).previous == first.version
    assert registry.find_challenger() is None

    left, back = registry.rollback(PROJECT_FILE)
    assert (left.version, back.version) == (second.version, first.version)
    assert registry.champion(PROJECT_FILE).version == first.version
    with pytest.raises(NotEnoughError) as caught:
        registry.rollback(PROJECT_FILE)
    assert str(caught.value) == (
        "version 1 is the first champion of project 'acme': there is none to go back to"
    )


def test_promoting_the_champion_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    first = registered(home, tmp_path)
    registry = Registry(home, "acme")
    registry.promote(first)
    registry.promote(first)
    assert registry.champion(PROJECT_FILE).previous is None


@pytest.mark.parametrize("number", ["7", "latest", ""])
def test_an_unknown_version_is_refused_with_those_that_there_are(
    home: Home, tmp_path: Path, number: str
) -> None:
    registered(home, tmp_path)
    with pytest.raises(UsageError) as caught:
        Registry(home, "acme").version(number)
    assert str(caught.value) == f"model leadgauge-acme has no version {number!r}; it has 1"


def test_the_bundle_that_is_fetched_is_the_one_that_was_registered(
    home: Home, tmp_path: Path
) -> None:
    version = registered(home, tmp_path / "made")
    fetched = Registry(home, "acme").fetch(version, tmp_path / "fetched")
    names = sorted(path.name for path in fetched.iterdir())
    assert names == ["catalogue.json", "model.json"]
    assert (fetched / "model.json").read_bytes() == (
        tmp_path / "made" / "bundle" / "model.json"
    ).read_bytes()


def test_a_bundle_that_was_changed_in_the_store_is_not_scored_with(
    home: Home, tmp_path: Path
) -> None:
    version = registered(home, tmp_path / "made")
    stored = next(home.artifacts.rglob("model.json"))
    stored.write_text(stored.read_text().replace("-2.0", "+2.0"))
    with pytest.raises(DataError, match="its files have changed since it was registered"):
        Registry(home, "acme").fetch(version, tmp_path / "fetched")


def test_a_version_of_another_project_is_refused(home: Home, tmp_path: Path) -> None:
    version = registered(home, tmp_path)
    registry = Registry(home, "acme")
    registry._client.set_model_version_tag("leadgauge-acme", version.version, "project", "globex")
    with pytest.raises(DataError) as caught:
        registry.find_challenger()
    assert str(caught.value) == (
        "model leadgauge-acme version 1 belongs to project 'globex', not to 'acme': "
        "give one of the two projects another name, or another --home"
    )


def test_projects_do_not_see_each_other(home: Home, tmp_path: Path) -> None:
    registered(home, tmp_path / "a", "acme")
    assert Registry(home, "globex").versions() == []
    registered(home, tmp_path / "g", "globex")
    assert [version.project for version in Registry(home, "globex").versions()] == ["globex"]


def test_the_champions_alias_is_the_last_thing_that_a_promotion_writes(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (registered(home, tmp_path / str(n), intercept=n / 10) for n in (1, 2))
    registry = Registry(home, "acme")
    registry.promote(first)
    written: list[tuple[str, ...]] = []
    for name in (
        "set_model_version_tag",
        "delete_registered_model_alias",
        "set_registered_model_alias",
    ):
        monkeypatch.setattr(
            registry._client, name, lambda *told, name=name: written.append((name, *told[1:]))
        )
    registry.promote(second)
    assert written == [
        ("set_model_version_tag", "2", "previous_champion", "1"),
        ("delete_registered_model_alias", "challenger"),
        ("set_registered_model_alias", "champion", "2"),
    ]


def test_a_promotion_that_breaks_before_its_end_leaves_the_champion_and_can_be_repeated(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (registered(home, tmp_path / str(n), intercept=n / 10) for n in (1, 2))
    registry = Registry(home, "acme")
    registry.promote(first)

    def broken(*_: str) -> None:
        raise ConnectionError("the registry went away")

    with monkeypatch.context() as patch:
        patch.setattr(registry._client, "set_registered_model_alias", broken)
        with pytest.raises(ConnectionError):
            registry.promote(second)
    assert registry.champion(PROJECT_FILE).version == "1"
    registry.promote(second)
    assert registry.champion(PROJECT_FILE).version == "2"
    _, back = registry.rollback(PROJECT_FILE)
    assert back.version == "1"
