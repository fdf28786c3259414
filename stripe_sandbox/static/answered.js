/* Says that the bank has its answer, and not what it was: the page around asks the API. */
if (window.parent !== window) window.parent.postMessage({ sandbox: "answered" }, "*");
