# An entry as HTML for this user. What somebody wrote goes through @html.
def entry($user):
	(.time | fromdate | strftime("%d %b %H:%M UTC")) as $when
	| @html "<article id=\"e\(.id)\"><p><time datetime=\"\(.time)\">\($when)"
		+ @html "</time> <b>\(.user // "")</b>"
		+ if .user and .user == $user then
			@html " <a href=\"edit/\(.id)\" aria-label=\"Edit the entry "
			+ @html "of \($when)\">Edit</a>"
		else "" end
		+ @html "</p><div>\(.text)</div></article>";
