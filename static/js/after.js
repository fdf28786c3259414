// AbortSignal.timeout, also where there is none.
export function afterMs(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}
