/*
 * What kind of file a name's suffix tells.
 *
 * Texts are taken to be UTF-8; JSON is so by definition, and XML says its own.
 */
#include "chserve/types.h"

#include <stdlib.h>
#include <string.h>

#define SUFFIX_MAX 12

#define TEXT(suffix, name) { suffix, name "; charset=utf-8", 1 }
#define PACKS(suffix, name) { suffix, name, 1 }
#define BYTES(suffix, name) { suffix, name, 0 }

/* By suffix, in the order of strcmp(3). */
static const struct type types[] = {
	BYTES("3gp", "video/3gpp"),
	BYTES("7z", "application/x-7z-compressed"),
	BYTES("aac", "audio/aac"),
	PACKS("ai", "application/postscript"),
	BYTES("apk", "application/vnd.android.package-archive"),
	BYTES("apng", "image/apng"),
	PACKS("atom", "application/atom+xml"),
	BYTES("avi", "video/x-msvideo"),
	BYTES("avif", "image/avif"),
	PACKS("bmp", "image/bmp"),
	BYTES("br", "application/x-brotli"),
	BYTES("bz2", "application/x-bzip2"),
	TEXT("cjs", "text/javascript"),
	TEXT("conf", "text/plain"),
	TEXT("css", "text/css"),
	TEXT("csv", "text/csv"),
	BYTES("deb", "application/vnd.debian.binary-package"),
	TEXT("diff", "text/x-diff"),
	BYTES("dmg", "application/x-apple-diskimage"),
	BYTES("doc", "application/msword"),
	BYTES("docx", "application/vnd.openxmlformats-officedocument."
	    "wordprocessingml.document"),
	PACKS("eot", "application/vnd.ms-fontobject"),
	PACKS("eps", "application/postscript"),
	BYTES("epub", "application/epub+zip"),
	BYTES("flac", "audio/flac"),
	PACKS("geojson", "application/geo+json"),
	BYTES("gif", "image/gif"),
	BYTES("gz", "application/gzip"),
	BYTES("heic", "image/heic"),
	BYTES("heif", "image/heif"),
	TEXT("htm", "text/html"),
	TEXT("html", "text/html"),
	PACKS("ico", "image/x-icon"),
	TEXT("ics", "text/calendar"),
	BYTES("iso", "application/x-iso9660-image"),
	BYTES("jar", "application/java-archive"),
	BYTES("jpeg", "image/jpeg"),
	BYTES("jpg", "image/jpeg"),
	TEXT("js", "text/javascript"),
	PACKS("json", "application/json"),
	PACKS("json5", "application/json5"),
	PACKS("jsonld", "application/ld+json"),
	BYTES("jxl", "image/jxl"),
	PACKS("kml", "application/vnd.google-earth.kml+xml"),
	BYTES("kmz", "application/vnd.google-earth.kmz"),
	TEXT("log", "text/plain"),
	BYTES("m2ts", "video/mp2t"),
	PACKS("m3u8", "application/vnd.apple.mpegurl"),
	BYTES("m4a", "audio/mp4"),
	BYTES("m4s", "video/iso.segment"),
	BYTES("m4v", "video/mp4"),
	PACKS("map", "application/json"),
	TEXT("markdown", "text/markdown"),
	TEXT("md", "text/markdown"),
	BYTES("mid", "audio/midi"),
	BYTES("midi", "audio/midi"),
	TEXT("mjs", "text/javascript"),
	BYTES("mkv", "video/x-matroska"),
	BYTES("mov", "video/quicktime"),
	BYTES("mp3", "audio/mpeg"),
	BYTES("mp4", "video/mp4"),
	PACKS("mpd", "application/dash+xml"),
	BYTES("mpeg", "video/mpeg"),
	BYTES("mpg", "video/mpeg"),
	PACKS("ndjson", "application/x-ndjson"),
	BYTES("odp", "application/vnd.oasis.opendocument.presentation"),
	BYTES("ods", "application/vnd.oasis.opendocument.spreadsheet"),
	BYTES("odt", "application/vnd.oasis.opendocument.text"),
	BYTES("oga", "audio/ogg"),
	BYTES("ogg", "audio/ogg"),
	BYTES("ogv", "video/ogg"),
	BYTES("opus", "audio/ogg"),
	PACKS("otf", "font/otf"),
	TEXT("patch", "text/x-diff"),
	BYTES("pdf", "application/pdf"),
	PACKS("pem", "application/x-pem-file"),
	BYTES("png", "image/png"),
	BYTES("ppt", "application/vnd.ms-powerpoint"),
	BYTES("pptx", "application/vnd.openxmlformats-officedocument."
	    "presentationml.presentation"),
	PACKS("ps", "application/postscript"),
	BYTES("rar", "application/vnd.rar"),
	PACKS("rdf", "application/rdf+xml"),
	BYTES("rpm", "application/x-rpm"),
	PACKS("rss", "application/rss+xml"),
	PACKS("rtf", "application/rtf"),
	PACKS("svg", "image/svg+xml"),
	BYTES("tar", "application/x-tar"),
	BYTES("tgz", "application/gzip"),
	BYTES("tif", "image/tiff"),
	BYTES("tiff", "image/tiff"),
	BYTES("ts", "video/mp2t"),
	TEXT("tsv", "text/tab-separated-values"),
	PACKS("ttc", "font/collection"),
	PACKS("ttf", "font/ttf"),
	TEXT("txt", "text/plain"),
	TEXT("vcf", "text/vcard"),
	TEXT("vtt", "text/vtt"),
	PACKS("wasm", "application/wasm"),
	BYTES("wav", "audio/wav"),
	BYTES("weba", "audio/webm"),
	BYTES("webm", "video/webm"),
	PACKS("webmanifest", "application/manifest+json"),
	BYTES("webp", "image/webp"),
	BYTES("woff", "font/woff"),
	BYTES("woff2", "font/woff2"),
	PACKS("xht", "application/xhtml+xml"),
	PACKS("xhtml", "application/xhtml+xml"),
	BYTES("xls", "application/vnd.ms-excel"),
	BYTES("xlsx", "application/vnd.openxmlformats-officedocument."
	    "spreadsheetml.sheet"),
	PACKS("xml", "application/xml"),
	PACKS("xsl", "application/xslt+xml"),
	PACKS("xslt", "application/xslt+xml"),
	BYTES("xz", "application/x-xz"),
	PACKS("yaml", "application/yaml"),
	PACKS("yml", "application/yaml"),
	BYTES("zip", "application/zip"),
	BYTES("zst", "application/zstd"),
};

static const struct type unknown = { "", "application/octet-stream", 0 };

static int
compare(const void *suffix, const void *type)
{
	return strcmp(suffix, ((const struct type *)type)->suffix);
}

const struct type *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	const struct type *type;
	char suffix[SUFFIX_MAX];
	size_t i;

	if (!dot)
		return &unknown;
	for (i = 0; i < SUFFIX_MAX && dot[1 + i]; i++)
		suffix[i] = dot[1 + i] >= 'A' && dot[1 + i] <= 'Z'
		    ? (char)(dot[1 + i] | 0x20) : dot[1 + i];
	if (i == SUFFIX_MAX)
		return &unknown;
	suffix[i] = '\0';
	type = bsearch(suffix, types, sizeof(types) / sizeof(*types),
	    sizeof(*types), compare);
	return type ? type : &unknown;
}
