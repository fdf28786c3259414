<?php // Ask for a payment and wait for it: php examples/client.php (PAY, KEY).

if (!getenv("PAY") || !getenv("KEY")) {
    exit(fwrite(STDERR, "Set PAY and KEY, as docs/quickstart-api.md says.\n") ? 1 : 2);
}

function call(string $path, ?array $body = null): array {
    $headers = ["Authorization: Bearer " . getenv("KEY"), "Idempotency-Key: " . bin2hex(random_bytes(16))];
    $sent = ["method" => $body ? "POST" : "GET", "content" => $body ? json_encode($body) : ""];
    $sent += ["header" => [...$headers, "Content-Type: application/json"], "ignore_errors" => true];
    $answer = file_get_contents(getenv("PAY") . "/api/v1/$path", false, stream_context_create(["http" => $sent]));
    $read = json_decode((string) $answer, true, 512, JSON_THROW_ON_ERROR);
    return isset($read["error"]) ? throw new Exception($answer) : $read;
}

$wish = ["amount" => 2500, "currency" => "usd", "description" => "Two tickets", "reference" => "booking-1"];
$payment = call("payments", $wish + ["return_url" => "https://shop.example.com/back"]);
echo "Send the buyer to {$payment["next_url"]}\n";
while (in_array($payment["status"], ["requires_payment", "processing", "requires_action"])) {
    sleep(1);
    $payment = call("payments/{$payment["id"]}");
}
echo "{$payment["id"]} {$payment["status"]}\n";
