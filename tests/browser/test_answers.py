"""Whatever is pressed is answered, also while gradio's stream of answers ends."""

CHIP = "(text) => document.querySelector('#chip').innerText.includes(text)"
SOON_MS = 8000  # where an answer came late, it was after ten seconds
LATE_END = """(() => {
  const { fetch } = window;
  window.fetch = async (address, how) => {
    const answer = await fetch(address, how);
    if (!String(address.url ?? address).includes('/queue/data')) return answer;
    const wait = async (chunk, stream) => {
      if (new TextDecoder().decode(chunk).includes('close_stream')) await new Promise((done) => setTimeout(done, 3000));
      stream.enqueue(chunk);
    };
    return new Response(answer.body.pipeThrough(new TransformStream({ transform: wait })), answer);
  };
})();"""

LATE_JOIN = """(() => {
  const { fetch } = window;
  window.fetch = async (address, how) => {
    const answer = await fetch(address, how);
    if (String(address.url ?? address).includes('/queue/join')) await new Promise((done) => setTimeout(done, 500));
    return answer;
  };
})();"""


def test_what_is_pressed_while_a_stream_of_answers_ends_is_answered(visit):
    visitor = visit(prepare=lambda context: context.add_init_script(LATE_END))
    for name, text in (("sixty", "· 60 lessons"), ("empty", "· 0 lessons"), ("sixty", "· 60 lessons")):
        visitor.press("#chip")
        visitor.press(f'.menu button[data-label="{name}"]')
        visitor.until_text("#chip", text)


def test_a_stream_that_waits_with_nothing_due_brings_the_next_answers_while_others_draw(visit):
    """gradio opens one for an event whose answer came before its name."""
    late, other = visit(prepare=lambda context: context.add_init_script(LATE_JOIN)), visit()
    for name, text in (("sixty", "· 60 lessons"), ("empty", "· 0 lessons")) * 2:
        for visitor in (late, other):
            visitor.press("#chip")
            visitor.press(f'.menu button[data-label="{name}"]')
            visitor.page.wait_for_function(CHIP, arg=text, timeout=SOON_MS)
        late.page.wait_for_timeout(1500)  # the server lets go of streams that ended once a second
