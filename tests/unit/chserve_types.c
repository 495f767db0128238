/* Types of files, by their names. */
#include "chserve/types.h"

#include "tap.h"

static void
test_types(void)
{
	static const struct {
		const char *path, *type;
	} cases[] = {
		{ "/index.html", "text/html; charset=utf-8" },
		{ "/a.HTM", "text/html; charset=utf-8" },
		{ "/a.css", "text/css; charset=utf-8" },
		{ "/a.min.js", "text/javascript; charset=utf-8" },
		{ "/a.mjs", "text/javascript; charset=utf-8" },
		{ "/a.json", "application/json" },
		{ "/a.js.map", "application/json" },
		{ "/a.webmanifest", "application/manifest+json" },
		{ "/a.xml", "application/xml" },
		{ "/a.rss", "application/rss+xml" },
		{ "/a.atom", "application/atom+xml" },
		{ "/a.svg", "image/svg+xml" },
		{ "/a.png", "image/png" },
		{ "/a.JPG", "image/jpeg" },
		{ "/a.jpeg", "image/jpeg" },
		{ "/a.gif", "image/gif" },
		{ "/a.webp", "image/webp" },
		{ "/a.avif", "image/avif" },
		{ "/a.ico", "image/x-icon" },
		{ "/a.woff", "font/woff" },
		{ "/a.woff2", "font/woff2" },
		{ "/a.ttf", "font/ttf" },
		{ "/a.otf", "font/otf" },
		{ "/a.mp3", "audio/mpeg" },
		{ "/a.ogg", "audio/ogg" },
		{ "/a.wav", "audio/wav" },
		{ "/a.mp4", "video/mp4" },
		{ "/a.webm", "video/webm" },
		{ "/a.m3u8", "application/vnd.apple.mpegurl" },
		{ "/a.ts", "video/mp2t" },
		{ "/a.pdf", "application/pdf" },
		{ "/a.wasm", "application/wasm" },
		{ "/a.txt", "text/plain; charset=utf-8" },
		{ "/a.md", "text/markdown; charset=utf-8" },
		{ "/a.csv", "text/csv; charset=utf-8" },
		{ "/a.vtt", "text/vtt; charset=utf-8" },
		{ "/a.zip", "application/zip" },
		{ "/a.tar.gz", "application/gzip" },
		{ "/a.tar", "application/x-tar" },
		{ "/a.3gp", "video/3gpp" },
		{ "/a.zst", "application/zstd" },
		{ "/README", "application/octet-stream" },
		{ "/a.b/README", "application/octet-stream" },
		{ "/a.js/README", "application/octet-stream" },
		{ "/a.", "application/octet-stream" },
		{ "/a.averylongsuffix", "application/octet-stream" },
		{ "/a.\xc3\xa4", "application/octet-stream" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_str(type_of(cases[i].path)->name, cases[i].type, "%s",
		    cases[i].path);
	ok(type_of("/a.js")->packs, "a script is worth compressing");
	ok(!type_of("/a.png")->packs, "a picture is not");
}

int
main(void)
{
	test_types();
	return done_testing();
}
