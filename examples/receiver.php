<?php // Receive webhooks: php -S 127.0.0.1:3000 examples/receiver.php (SECRET).

$key = base64_decode(str_replace("whsec_", "", (string) getenv("SECRET")));
$body = file_get_contents("php://input");
[$id, $at, $theirs] = array_map(fn($name) => $_SERVER["HTTP_WEBHOOK_$name"] ?? "", ["ID", "TIMESTAMP", "SIGNATURE"]);
$ours = "v1," . base64_encode(hash_hmac("sha256", "$id.$at.$body", $key, true));
$matches = array_filter(explode(" ", $theirs), fn($one) => hash_equals($ours, $one));
if (!$key || !$matches || abs(time() - (int) $at) > 300) { // an old one may be a copy
    error_log($key ? "Not signed with this SECRET" : "Set SECRET to that of the endpoint: whsec_...");
    http_response_code(401);
    exit;
}
$event = json_decode($body, true); // sent twice, it has the same id
error_log("{$event["id"]} " . ($event["data"]["payment"]["paid_for"]["reference"] ?? ""));
http_response_code(204);
