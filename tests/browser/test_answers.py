"""Whatever is pressed is answered, also while gradio's stream of answers ends."""

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


def test_what_is_pressed_while_a_stream_of_answers_ends_is_answered(visit):
    visitor = visit(prepare=lambda context: context.add_init_script(LATE_END))
    for name, text in (("sixty", "· 60 lessons"), ("empty", "· 0 lessons"), ("sixty", "· 60 lessons")):
        visitor.press("#chip")
        visitor.press(f'.menu button[data-label="{name}"]')
        visitor.until_text("#chip", text)
