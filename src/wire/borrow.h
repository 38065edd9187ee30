/* Lends strings to generated structs, whose members are not const although packing only reads them. */
#ifndef WIRE_BORROW_H
#define WIRE_BORROW_H

/* The same string for a member of a message that will only be packed. NULL stands for the empty string there. */
static inline char *borrow_string(const char *string)
{
	union {
		const char *borrowed;
		char *lent;
	} both = {string};
	return both.lent;
}

#endif
