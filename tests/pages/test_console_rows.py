"""A row of the console's list: what it says of its ticket."""

from tests.pages.console_stage import HOLLY, Stage


async def test_a_row_says_whose_due_time_it_shows(stage: Stage) -> None:
    number = await stage.opened()
    early = (await stage.as_(HOLLY).get("/desk/mytc")).doc.all("tr")[1].text
    await stage.give(number, HOLLY, "reply", text="We look into it.")
    late = (await stage.as_(HOLLY).get("/desk/mytc")).doc.all("tr")[1].text

    assert "First response due Mon 12:00" in early
    assert "Resolution due Tue 10:00" in late


async def test_a_row_shows_that_the_client_wrote_last(stage: Stage) -> None:
    number = await stage.opened()
    shown = []
    for by in (HOLLY, "", HOLLY):
        await (stage.give(number, by, "reply", text="Yes.") if by else stage.client_says(number))
        page = await stage.as_(HOLLY).get("/desk/mytc")
        shown.append("client wrote" in page.doc.all("tr")[1].text)

    assert shown == [False, True, False]
