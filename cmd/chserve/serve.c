/* Who answers a request: we, a file, or the consumers. */
#include "chserve/serve.h"

#include "chserve/answer.h"
#include "chserve/conn.h"
#include "chserve/events.h"
#include "chserve/upgrade.h"

const struct serve_settings *serve_settings;

void
serve_open(const struct serve_settings *settings)
{
	serve_settings = settings;
}

void
serve_request(struct request *request)
{
	int status;

	if (!policy_host(&serve_settings->policy, &request->head,
		&request->to)) {
		answer_words(request, 421, NULL);
		return;
	}
	status = head_upgrades(&request->head);
	if (status == 1)
		upgrade_begin(request);
	else if (status)
		answer_words(request, status, NULL);
	else if (!events_begin(request) && !answer_file(request))
		exchange_begin(request);
}

void
serve_stop(struct request *request)
{
	upgrade_stop(request);
	events_stop(request);
	exchange_stop(request);
}
