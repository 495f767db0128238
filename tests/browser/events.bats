# A page that follows groups without WebSocket, and posts a form with a file.

load ../cli/helper

@test "a page follows a group by EventSource, and posts a file" {
	mkdir public
	cat > public/index.html <<-'HTML'
		<!doctype html><meta charset="utf-8"><title>events</title>
		<ol id="ready"></ol><ol id="made"></ol>
		<form method="post" action="/post" enctype="multipart/form-data">
		<input name="title"><input name="doc" type="file"></form>
		<script>
		function follow(url, id) {
			const source = new EventSource(url);
			source.onopen = () => document.title += " " + id;
			source.onmessage = event => {
				const item = document.createElement("li");
				item.textContent = event.lastEventId + " " + event.data;
				document.getElementById(id).append(item);
			};
		}
		follow("/events/news", "ready");
		follow("/made", "made");
		</script>
	HTML
	serve --root public --events news
	timeout 300 python3 "$BATS_TEST_DIRNAME/events.py" \
		"$url" || { cat err; false; }
	run cat err
	[ -z "$output" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
