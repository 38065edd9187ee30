/* The service's list is the one that counts; the library's own saves asking for it. */
#include "stage_name.h"

#include <stdlib.h>
#include <strings.h>

#include "fail.h"
#include "text.h"

static enum prg_code search(const struct prg_stage_info *stages, size_t count, const char *name,
                            enum prg_stage *ret_stage, char **ret_text)
{
	struct text text = {0};
	text_addf(&text, "stage: there is no stage '%s'; allowed are", name);
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(stages[i].status, name) == 0) {
			*ret_stage = stages[i].stage;
			text_finish(&text);
			return PRG_OK;
		}
		text_addf(&text, "%s %s", i > 0 ? "," : "", stages[i].status);
	}
	*ret_text = text_copy(text_string(&text));
	text_finish(&text);
	return PRG_INVALID_ARGUMENT;
}

enum prg_code stage_name_find(struct prg_client *client, const char *name, enum prg_stage *ret_stage, char **ret_text)
{
	enum prg_stage known = prg_stage_from_status(name);
	if (known != PRG_STAGE_UNSPECIFIED) {
		*ret_stage = known;
		return PRG_OK;
	}
	struct prg_stage_info *stages;
	size_t count;
	enum prg_code code = prg_get_all_stages(client, &stages, &count);
	if (code != PRG_OK) {
		*ret_text = text_copy(prg_error());
		return code;
	}
	code = search(stages, count, name, ret_stage, ret_text);
	prg_stages_free(stages, count);
	return code;
}

int stage_name_require(struct prg_client *client, const char *name, enum prg_stage *ret_stage)
{
	char *text = NULL;
	enum prg_code code = stage_name_find(client, name, ret_stage, &text);
	int status = code == PRG_OK ? EXIT_DONE : (int)fail_with(code, text);
	free(text);
	return status;
}
