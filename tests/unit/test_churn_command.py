"""``undertow churn`` as a person meets it: files of every kind, and what is wrong with them."""

from __future__ import annotations

import ast
import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

import undertow
from undertow.adapters import Unreadable
from undertow.adapters.activity import BadRow, Columns, Row, event, rows
from undertow.cli.churn import churn


def told(*arguments: str | Path) -> Result:
    return CliRunner().invoke(churn, ["--activity", *map(str, arguments)])


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Two hundred customers of 2025; the first hundred stop in the summer, and the higher its number the more one spends."""
    random = Random(3)
    path = tmp_path / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("customer", "date", "value", "note"))
        for number in range(200):
            for month in range(1, 7 if number < 100 else 13):
                day = f"2025-{month:02}-{random.randint(1, 28):02}"
                writer.writerow((f"c{number:03}", day, 1 + number, "x"))
    return path


def test_the_list_holds_those_who_stopped_the_dearest_first(orders: Path):
    """Promise: who has probably left, ordered by what it costs, with the fit and its check beside it."""
    done = told(orders, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    named = [one["customer"] for one in answer["listed"]]
    assert named[0] > "c090"
    assert set(named) == {f"c{number:03}" for number in range(100)}
    assert answer["as_of"].startswith("2025-12-")
    assert (answer["customers"], answer["likely_left"]) == (200, 100)
    assert answer["at_risk_unit"] == "value a year"
    assert answer["rows"] == {"read": 1_800, "refused": 0, "after_as_of": 0}
    assert answer["check"]["customers"] == 200
    first = answer["listed"][0]
    assert first["repeats"] == 5
    assert first["value_a_day"] == 1 + int(first["customer"][1:])
    assert 0 <= first["alive"] < 0.5 < first["silent_ahead"] <= 1


def test_the_table_is_for_people_and_says_what_it_left_out(orders: Path):
    """Promise: twenty customers, how many more, how many left in all, and whether the model was right last month."""
    done = told(orders)
    assert done.exit_code == 0, done.output
    assert "and 80 more; --top shows them" in done.output
    assert "of 200 customers have left" in done.output
    assert "Checked: as of 2025-11-" in done.output
    assert done.output.count("│ c0") == 20
    assert told(orders, "--top", "3").output.count("│ c0") == 3


def test_the_options_choose_the_day_the_model_and_whom_to_list(orders: Path):
    """Promise: rows after the day do not count; with the limit at zero nobody is listed."""
    with orders.open(encoding="utf-8") as file:
        days = sorted(row["date"] for row in csv.DictReader(file))
    exact = json.loads(told(orders, "--as-of", days[900], "--json").stdout)
    assert exact["rows"]["after_as_of"] == sum(day > days[900] for day in days)
    early = json.loads(told(orders, "--as-of", "2025-03-31", "--model", "bg", "--unit", "day", "--json").stdout)
    assert (early["as_of"], early["rows"]["after_as_of"]) == ("2025-03-31", 1_800 - 600)
    assert (early["model"]["kind"], early["model"]["unit_days"]) == ("bg", 1.0)
    assert "no customer is less than 0% likely" in told(orders, "--below", "0").output
    assert json.loads(told(orders, "--within", "60", "--json").stdout)["listed"] == []


def test_a_packed_file_with_other_names_semicolons_and_times_gives_the_same(orders: Path, tmp_path: Path):
    """Promise: what a database exports is read as it comes."""
    with orders.open(encoding="utf-8") as file:
        lines = [f"{row['note']};{row['date']}T23:59:59+00:00;{row['customer']}" for row in csv.DictReader(file)]
    path = tmp_path / "logins.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["\ufeffkind;login_at;user", *lines]).encode()))
    done = told(path, "--customer-column", "user", "--date-column", "login_at", "--json")
    assert done.exit_code == 0, done.output
    answer, known = json.loads(done.stdout), json.loads(told(orders, "--json").stdout)
    assert answer["model"] == known["model"]
    assert answer["at_risk_unit"] == "active days a year"
    assert [one["at_risk"] for one in answer["listed"]] != [one["at_risk"] for one in known["listed"]]


def test_a_row_that_cannot_be_read_is_told_with_its_number_and_reason(orders: Path):
    """Promise: the others count, and the number of refused ones stands in the answer."""
    bad = ["c1,31/12/2025,1,x", ",2025-01-01,1,x", "c1,2025-01-01,much,x", "c1,1985-01-01,1,x", "c1", "c1,,1,x"]
    with orders.open("a", encoding="utf-8") as file:
        file.write("\n".join([*bad, "c1,2025-01-01,nan,x"]) + "\n")
    done = told(orders, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == {"read": 1_807, "refused": 7, "after_as_of": 0}
    reasons = (
        "'31/12/2025' is not a date; write it as 2026-12-31 or 20261231",
        "no customer",
        "'much' is not a number",
        "'1985-01-01' is not between 1990 and 2099",
    )
    for place, reason in enumerate(reasons):
        assert f"row {1_802 + place}: {reason}" in done.stderr
    assert "row 1806: has 1 cells" in done.stderr
    assert "row 1807" not in done.stderr, "five are told one by one"
    assert "7 of 1,807 rows could not be read and do not count" in done.stderr


def refusal(path: Path, *more: str) -> str:
    done = told(path, *more)
    assert isinstance(done.exception, Unreadable), done.output
    return str(done.exception)


def test_a_file_that_is_something_else_says_so(tmp_path: Path):
    """Promise: one line that says what to change, and nothing fitted on rubbish."""
    assert "no column 'customer'; its columns are 'id', 'when'" in refusal(
        written(tmp_path / "a.csv", ["id,when", "a,b"])
    )
    assert "no column 'date'" in refusal(written(tmp_path / "b.csv", ["customer,when", "a,2025-01-01"]))
    wrong = written(tmp_path / "c.csv", ["customer,date", "2025-01-01,anna", "2025-01-02,bert"])
    assert "2 of 2 rows cannot be read: are these the right columns?" in refusal(wrong)
    assert "no activity up to 2020-01-01" in refusal(
        written(tmp_path / "d.csv", ["customer,date", "a,2025-01-01"]), "--as-of", "2020-01-01"
    )
    (tmp_path / "e.csv").write_bytes(b"")
    assert "no rows" in refusal(tmp_path / "e.csv")
    (tmp_path / "f.csv.gz").write_bytes(b"customer,date")
    assert "damaged" in refusal(tmp_path / "f.csv.gz")
    assert "--as-of: 'yesterday' is not a date" in told(tmp_path / "d.csv", "--as-of", "yesterday").output


def test_too_little_activity_is_an_answer_and_no_failure(tmp_path: Path):
    """Promise: "cannot tell yet", in words and as JSON."""
    path = written(tmp_path / "few.csv", ["customer,date", "a,2025-01-01", "a,2025-02-01"])
    assert told(path).output.startswith("cannot tell yet: 1 of 1 customers were active on more than one day")
    answer = json.loads(told(path, "--json").stdout)
    assert answer["model"] is None
    assert answer["words"].startswith("cannot tell yet")


def test_a_row_becomes_the_event_a_company_would_publish(tmp_path: Path):
    """Promise: the same row of the same source is the same event, in UTC."""
    path = written(tmp_path / "g.csv", ["customer,date,value", "a,2025-01-01T01:00:00+02:00,5.5", "b,20250102,"])
    first, second = (row for row in rows(path) if isinstance(row, Row))
    said = event(first, "/orders")
    assert (said.id, said.source, said.time.isoformat()) == ("row-2", "/orders", "2024-12-31T23:00:00+00:00")
    assert (said.data.customer, said.data.value) == ("a", 5.5)
    assert event(second, "/orders").data.value is None
    assert second.at.isoformat() == "2025-01-02T00:00:00+00:00"
    without = next(iter(rows(path, Columns(value="gone"))))
    assert isinstance(without, Row)
    assert without.value is None
    surrogate = tmp_path / "h.csv"
    surrogate.write_bytes(b"customer,date\n\xff,2025-01-01\n")
    assert list(rows(surrogate)) == [BadRow(2, "the customer's name is no text in UTF-8")]


def test_only_the_fitting_room_imports_numpy():
    """Promise: numpy and scipy are extra; the worker and every other command run without them."""
    root = Path(undertow.__file__).parent
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        named += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        heavy = {name.split(".")[0] for name in named} & {"numpy", "scipy"}
        assert not heavy or path.parent.name == "fitting", path
        fitters = [name for name in named if name.startswith("undertow.fitting")]
        top = {name.module for name in tree.body if isinstance(name, ast.ImportFrom)}
        # within a function, where it can be done without
        late = path.name in {"churn.py", "evaluation.py", "night.py"} and not top & set(fitters)
        assert not fitters or path.parent.name == "fitting" or late, path


def test_without_numpy_the_command_says_what_to_install(orders: Path):
    """Promise: a user of the plain installation reads one line, not a traceback."""
    program = (
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from undertow.cli import main\n"
        f"sys.argv = ['undertow', 'churn', '--activity', {str(orders)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'undertow[churn]'" in done.stderr
    assert "Traceback" not in done.stderr
