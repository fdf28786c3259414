// Leads a buyer on to the site that asked for the payment. Without a script the link does.

const link = document.querySelector('[data-module="return"]');
if (link) window.location.replace(link.href);
