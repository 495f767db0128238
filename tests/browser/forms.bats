# Forms as a real browser posts them, uploads with every kind of name included.

load ../cli/helper

@test "a browser's forms: urlencoded and multipart" {
	mkdir public
	cat > public/index.html <<-'HTML'
		<!doctype html>
		<meta charset="utf-8">
		<link rel="icon" href="data:,">
		<form id="plain" method="post" action="/plain">
		<input name="a"><input name="a"><input name="b &amp; &quot;c&quot;">
		</form>
		<form id="files" method="post" action="/files"
		enctype="multipart/form-data">
		<input name="quo&quot;te\"><textarea name="text"></textarea>
		<input name="many" type="file" multiple>
		<input name="none" type="file">
		</form>
	HTML
	serve --root public
	timeout 300 python3 "$BATS_TEST_DIRNAME/forms.py" \
		"$url" || { cat err; false; }
	run cat err
	[ -z "$output" ]
	kill -TERM "$server"
	ended "$server"
	[ "$ended" -eq 0 ]
}
