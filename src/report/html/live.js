// What a live page adds to the page's script: numbers as they come, and the way to stop.
(() => {
'use strict';
const state = document.getElementById('state'), stop = document.getElementById('stop');
const events = new EventSource('events');
events.addEventListener('numbers', event => {
  const { state: words, numbers } = JSON.parse(event.data);
  state.textContent = words;
  document.dispatchEvent(new CustomEvent('numbers', { detail: numbers }));
});
events.addEventListener('end', () => {
  events.close();
  state.textContent = 'The run has ended; its folder has the whole report.';
  stop.disabled = true;
});
events.addEventListener('error', () => {
  state.textContent = 'Nothing comes from the run: it has ended, or this machine is busy.';
});
stop.addEventListener('click', async () => {
  stop.disabled = true;
  const answer = await fetch('stop', { method: 'POST' });
  state.textContent = await answer.text();
});
stop.disabled = false;
})();
