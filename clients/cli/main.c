/* prg, the command line: begins here. */
#include "command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
