# What the browser tests themselves stand on.

load ../cli/helper

@test "who waits in a page that is left goes on in the next one" {
	mkdir public
	echo '<!DOCTYPE html><title>left</title>' > public/index.html
	serve --root public
	timeout 120 python3 "$BATS_TEST_DIRNAME/left.py" "$url"
}
