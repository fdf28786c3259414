// The server writes times in the reader's own zone: tell it which one that is.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `staff_zone=${zone}; Path=/staff; Max-Age=31536000; SameSite=Strict${secure}`;
}
