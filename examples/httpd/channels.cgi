#!/usr/bin/perl
#
# channels.cgi - hands the requests of an existing web server to channels.
#
# The server runs it as any CGI program. It sends the request to the channel
# http.request, with the keys that channels-messages(7) lists, and prints what
# is answered, as it comes: a consumer cannot tell it from chserve. The path is
# that of the URL, whole; root_path is the part that led here.
#
#   CHANNELS_URL      the store; the default of chsend(1) without it
#   CHANNELS_TIMEOUT  seconds for the whole answer, 60 without it
#
# Nobody answers: 504. The channel is full, or there is no store: 503. The
# answer makes no sense: 502. A body of more than 700 kB does not fit into a
# message: 413.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP;
use MIME::Base64;

use constant BODY_MOST => 700_000;

# Bytes as a string of JSON: what is not UTF-8 is boxed.
sub boxed {
	my ($bytes) = @_;
	my $text = $bytes;
	return $text if utf8::decode($text) && $text !~ /^\x{ffff}/;
	return "\x{ffff}" . encode_base64($bytes, '');
}

# ... and back.
sub unboxed {
	my ($text) = @_;
	return decode_base64($1) if $text =~ /^\x{ffff}(.*)/s;
	utf8::encode($text);
	return $text;
}

sub fail {
	my ($status) = @_;
	print "Status: $status\r\nContent-Type: text/plain\r\n\r\n$status\n";
	exit 0;
}

sub env { return $ENV{$_[0]} // '' }

sub body {
	my $length = env('CONTENT_LENGTH') || 0;
	my $body = '';
	fail('413 Content Too Large') if $length > BODY_MOST;
	while (length $body < $length) {
		read(STDIN, $body, $length - length $body, length $body)
			or exit 1;
	}
	return $body;
}

# HTTP_ACCEPT_LANGUAGE becomes accept-language.
sub headers {
	my @headers;
	for my $name (sort keys %ENV) {
		my $of_body = $name =~ /^CONTENT_(?:TYPE|LENGTH)$/;
		next if $of_body ? $ENV{$name} eq '' :
			$name !~ /^HTTP_(?!CONTENT_(?:TYPE|LENGTH)$)/;
		my $field = lc($name =~ s/^HTTP_//r) =~ tr/_/-/r;
		push @headers, [$field, boxed($ENV{$name})];
	}
	return \@headers;
}

sub request {
	my ($version) = env('SERVER_PROTOCOL') =~ m{^HTTP/([\d.]+)};
	my $message = {
		http_version => $version && $version =~ /^2/ ? '2' : $version // '1.1',
		method => env('REQUEST_METHOD'),
		scheme => env('HTTPS') =~ /^(?:on|1)$/i ? 'https' : 'http',
		path => boxed(env('SCRIPT_NAME') . env('PATH_INFO')),
		root_path => boxed(env('SCRIPT_NAME')),
		query_string => boxed(env('QUERY_STRING')),
		headers => headers(),
		client => [env('REMOTE_ADDR'), (env('REMOTE_PORT') || 0) + 0],
		server => [env('SERVER_ADDR') || env('SERVER_NAME'),
			(env('SERVER_PORT') || 0) + 0],
		body => boxed(body()),
	};
	$message->{remote_user} = boxed($ENV{REMOTE_USER}) if $ENV{REMOTE_USER};
	return $message;
}

# The head of the first message; what would end a line is left out.
sub print_head {
	my ($answer) = @_;
	fail('502 Bad Gateway') if ($answer->{status} // '') !~ /^[2-5]\d\d$/;
	print "Status: $answer->{status}\r\n";
	for my $field (@{$answer->{headers} // []}) {
		my ($name, $value) = map { unboxed($_ // '') } @$field;
		next if $name !~ /^[\w!#\$%&'*+.^`|~-]+$/a || $value =~ /[^\t -~\x80-\xff]/;
		next if $name =~ /^(?:status|connection|transfer-encoding)$/i;
		print "$name: $value\r\n";
	}
	print "\r\n";
}

binmode STDIN;
binmode STDOUT;
$| = 1;
my $message = encode_json(request());
my $pid = open2(my $answers, my $call, 'chsend', '-C', '--more', '-t',
	$ENV{CHANNELS_TIMEOUT} // 60, 'http.request');
print $call $message;
close $call;
my $begun = 0;
while (my $line = <$answers>) {
	my $answer = decode_json($line);
	print_head($answer) unless $begun++;
	print unboxed($answer->{content} // '');
	exit 1 if $answer->{closed};
}
waitpid $pid, 0;
my $status = $? >> 8;
exit($status ? 1 : 0) if $begun;
fail('504 Gateway Timeout') if $status == 124;
fail('503 Service Unavailable') if $status == 75 || $status == 69;
fail('502 Bad Gateway');
