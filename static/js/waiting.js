// A page that waits for a job of ours loads itself again until the job is done.
const root = document.querySelector('[data-module="waiting"]');
if (root) setTimeout(() => location.reload(), Number(root.dataset.seconds) * 1000);
