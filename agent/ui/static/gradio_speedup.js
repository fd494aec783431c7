// gradio looks through all events of the page for each of its components, twice: 100,000 times. As they never change here,
// they need not be watched for changes, which takes longer than the looking. What has a prototype of its own is not.
{
  const events = window.gradio_config?.dependencies ?? [];
  const unwatched = Object.create(Object.prototype);
  for (const event of events) Object.setPrototypeOf(event, unwatched);
  Object.setPrototypeOf(events, Object.create(Array.prototype));
}
