/* Streams that there have been. */
#include "chserve/h2ids.h"

#include "tap.h"

int
main(void)
{
	struct h2ids ids = { 0 };
	int32_t id;

	is_int(h2ids_kind(&ids, 0), H2IDS_UNKNOWN, "the connection is none");
	h2ids_opened(&ids, 1);
	h2ids_opened(&ids, 3);
	is_int(h2ids_kind(&ids, 1), H2IDS_UNKNOWN, "an open one");
	is_int(h2ids_kind(&ids, 5), H2IDS_UNKNOWN, "one to come");
	h2ids_ended(&ids, 1);
	is_int(h2ids_kind(&ids, 1), H2IDS_ENDED_BY_CLIENT, "one that is over");
	is_int(h2ids_kind(&ids, 3), H2IDS_UNKNOWN, "the other is not");
	h2ids_opened(&ids, 9);
	is_int(h2ids_kind(&ids, 5), H2IDS_PASSED_OVER, "passed over");
	is_int(h2ids_kind(&ids, 7), H2IDS_PASSED_OVER, "both");
	is_int(h2ids_kind(&ids, 9), H2IDS_UNKNOWN, "not that one");
	h2ids_opened(&ids, 5);
	is_int(ids.last, 9, "a lower one changes nothing");
	for (id = 11; id < 11 + 2 * H2IDS_ENDED; id += 2) {
		h2ids_opened(&ids, id);
		h2ids_ended(&ids, id);
	}
	is_int(h2ids_kind(&ids, 1), H2IDS_UNKNOWN, "long ago is forgotten");
	is_int(h2ids_kind(&ids, 11), H2IDS_ENDED_BY_CLIENT, "the last are not");

	memset(&ids, 0, sizeof(ids));
	h2ids_opened(&ids, 3);
	is_int(h2ids_kind(&ids, 1), H2IDS_PASSED_OVER, "the first passed over");
	return done_testing();
}
