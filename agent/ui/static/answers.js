// gradio's stream of answers ends when none is due, and gradio opens another for its next event, unless it takes the one
// that is ending for open: nobody would ever hear of that event. Here a stream goes on for as long as an answer is due.
{
  const { fetch } = window;
  const CLOSED_MS = 1000; // gradio lets go of a stream within a few milliseconds of its end
  const naming = new Set(); // of events whose names are not known yet: promises
  const [due, early] = [new Set(), new Set()]; // events without an answer; those answered before their name was known
  let closing; // until gradio has let go of a stream that ends

  const note = async (joining) => {
    const answer = await joining;
    const { event_id } = answer.ok ? await answer.clone().json() : {};
    if (event_id && !early.delete(event_id)) due.add(event_id);
  };
  const join = async (joining) => {
    const noted = note(joining).catch(() => {});
    naming.add(noted);
    await noted;
    naming.delete(noted);
    await closing;
    return joining;
  };

  async function* messages(reader) {
    for (let text = "", part; !(part = await reader.read()).done; ) {
      const whole = (text + part.value).split("\n\n");
      text = whole.pop();
      yield* whole;
    }
  }
  const lasting = (address, answer) => {
    const aborting = new AbortController();
    let let_go; // says that it has
    const read = async (stream) => {
      for (let { body } = answer; body; ) {
        const reader = body.pipeThrough(new TextDecoderStream(), aborting).getReader();
        body = undefined;
        for await (const message of messages(reader)) {
          const is_end = message.includes('"msg":"close_stream"');
          const id = message.match(/"msg":"process_completed","event_id":"(\w+)"/)?.[1];
          if (id && !due.delete(id)) early.add(id);
          if (message.includes('"msg":"unexpected_error"')) due.clear(); // as gradio does
          if (is_end) await Promise.all(naming);
          if (is_end && due.size) {
            const next = await fetch(address);
            if (!next.ok) throw next;
            ({ body } = next);
            break;
          }
          if (is_end) {
            closing = new Promise((done) => {
              let_go = done;
              setTimeout(done, CLOSED_MS);
            });
          }
          stream.enqueue(`${message}\n\n`);
        }
      }
      await closing; // as gradio cannot let go of what is closed
      stream.close();
    };
    const answers = new ReadableStream({
      start: (stream) => void read(stream).catch((error) => {
        if (!aborting.signal.aborted) due.clear(); // as gradio does
        stream.error(error);
      }),
      cancel: (reason) => {
        let_go?.();
        aborting.abort(reason);
      },
    });
    return new Response(answers.pipeThrough(new TextEncoderStream()), answer);
  };

  window.fetch = async (address, how) => {
    const { pathname } = new URL(address.url ?? address, document.baseURI);
    if (pathname.endsWith("/gradio_api/queue/join")) return join(fetch(address, how));
    const answer = await fetch(address, how);
    return pathname.endsWith("/gradio_api/queue/data") && answer.ok ? lasting(address, answer) : answer;
  };
}
