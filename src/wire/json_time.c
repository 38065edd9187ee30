/* Decides which texts are times. Days are counted in the Gregorian calendar, also before it was made. */
#include "wire/json_time.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <stdlib.h>

#include "wire/json_number.h"

enum { SECOND_NS = 1000000000, DAY_S = 86400, ERA_YEARS = 400, ERA_DAYS = 146097 };

static const int64_t timestamp_min = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t timestamp_max = 253402300799; /* 9999-12-31T23:59:59Z */
static const int64_t duration_max = 315576000000;  /* 10,000 years */

bool json_is_timestamp(const ProtobufCMessageDescriptor *type)
{
	return type == &google__protobuf__timestamp__descriptor;
}

bool json_is_duration(const ProtobufCMessageDescriptor *type)
{
	return type == &google__protobuf__duration__descriptor;
}

/* Days from 0000-03-01, where the years of the count begin, to 1970-01-01. */
enum { EPOCH_DAYS = 719468 };

/* Years begin with March, so that the leap day is a year's last and needs no care. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int from_march = (month + 9) % 12;
	int64_t years = year - (month <= 2);
	int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
	int64_t of_era = years % ERA_YEARS * 365 + years % ERA_YEARS / 4 - years % ERA_YEARS / 100 + of_year;
	return years / ERA_YEARS * ERA_DAYS + of_era - EPOCH_DAYS;
}

struct date {
	int year, month, day;
};

static struct date date_of_days(int64_t days_from_epoch)
{
	int64_t days = days_from_epoch + EPOCH_DAYS;
	int64_t of_era = days % ERA_DAYS;
	int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
	int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
	int64_t from_march = (5 * of_year + 2) / 153;
	int month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	return (struct date){(int)(days / ERA_DAYS * ERA_YEARS + years + (month <= 2)), month,
	                     (int)(of_year - (153 * from_march + 2) / 5 + 1)};
}

/* What is left of the text. */
struct rest {
	const char *at;
	const char *end;
};

static bool take(struct rest *rest, char c)
{
	if (rest->at == rest->end || *rest->at != c)
		return false;
	rest->at++;
	return true;
}

static bool has_digit(const struct rest *rest)
{
	return rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9';
}

/* Takes exactly so many digits. */
static bool take_digits(struct rest *rest, int count, int *ret_value)
{
	int value = 0;
	for (; count > 0; count--, rest->at++) {
		if (!has_digit(rest))
			return false;
		value = value * 10 + (*rest->at - '0');
	}
	*ret_value = value;
	return true;
}

/* Takes a point and 1 to 9 decimals, or nothing. */
static bool take_fraction(struct rest *rest, int32_t *ret_nanos)
{
	int32_t nanos = 0, place = SECOND_NS;
	if (take(rest, '.')) {
		if (!has_digit(rest))
			return false;
		for (; has_digit(rest); rest->at++) {
			if (place == 1)
				return false;
			place /= 10;
			nanos += (*rest->at - '0') * place;
		}
	}
	*ret_nanos = nanos;
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool take_date(struct rest *rest, int64_t *ret_days)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;
	if (!take_digits(rest, 4, &year) || !take(rest, '-') || !take_digits(rest, 2, &month) || !take(rest, '-') ||
	    !take_digits(rest, 2, &day) || year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return false;
	*ret_days = days_since_epoch(year, month, day);
	return true;
}

static bool take_clock(struct rest *rest, int *ret_minutes)
{
	int hours, minutes;
	if (!take_digits(rest, 2, &hours) || !take(rest, ':') || !take_digits(rest, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return false;
	*ret_minutes = hours * 60 + minutes;
	return true;
}

static bool take_offset(struct rest *rest, int *ret_minutes)
{
	*ret_minutes = 0;
	if (take(rest, 'Z'))
		return true;
	bool is_west = take(rest, '-');
	if ((!is_west && !take(rest, '+')) || !take_clock(rest, ret_minutes))
		return false;
	*ret_minutes = is_west ? -*ret_minutes : *ret_minutes;
	return true;
}

bool json_read_timestamp(const char *text, size_t length, struct json_time *ret_time)
{
	struct rest rest = {text, text + length};
	struct json_time time;
	int64_t days;
	int minutes, seconds, offset;
	if (!take_date(&rest, &days) || !take(&rest, 'T') || !take_clock(&rest, &minutes) || !take(&rest, ':') ||
	    !take_digits(&rest, 2, &seconds) || seconds > 59 || !take_fraction(&rest, &time.nanos) ||
	    !take_offset(&rest, &offset) || rest.at != rest.end)
		return false;
	time.seconds = days * DAY_S + (int64_t)(minutes - offset) * 60 + seconds;
	if (time.seconds < timestamp_min || time.seconds > timestamp_max)
		return false;
	*ret_time = time;
	return true;
}

bool json_read_duration(const char *text, size_t length, struct json_time *ret_duration)
{
	struct rest rest = {text, text + length};
	struct json_time duration = {0};
	bool is_negative = take(&rest, '-');
	if (!has_digit(&rest))
		return false;
	for (; has_digit(&rest); rest.at++) {
		duration.seconds = duration.seconds * 10 + (*rest.at - '0');
		if (duration.seconds > duration_max)
			return false;
	}
	if (!take_fraction(&rest, &duration.nanos) || !take(&rest, 's') || rest.at != rest.end)
		return false;
	if (duration.seconds == duration_max && duration.nanos > 0)
		return false;
	int sign = is_negative ? -1 : 1;
	*ret_duration = (struct json_time){sign * duration.seconds, sign * duration.nanos};
	return true;
}

/* Appends the number with leading zeros. */
static void put_digits(struct buffer *out, int number, size_t count)
{
	char digits[9];
	for (size_t i = count; i > 0; i--, number /= 10)
		digits[i - 1] = (char)('0' + number % 10);
	buffer_put(out, digits, count);
}

/* Appends nothing, or a point and 3, 6 or 9 decimals. */
static void put_fraction(struct buffer *out, int nanos)
{
	if (nanos == 0)
		return;
	buffer_put_char(out, '.');
	if (nanos % 1000000 == 0)
		put_digits(out, nanos / 1000000, 3);
	else if (nanos % 1000 == 0)
		put_digits(out, nanos / 1000, 6);
	else
		put_digits(out, nanos, 9);
}

static void put_date(struct buffer *out, struct date date)
{
	put_digits(out, date.year, 4);
	buffer_put_char(out, '-');
	put_digits(out, date.month, 2);
	buffer_put_char(out, '-');
	put_digits(out, date.day, 2);
}

static void put_clock(struct buffer *out, int second_of_day)
{
	put_digits(out, second_of_day / 3600, 2);
	buffer_put_char(out, ':');
	put_digits(out, second_of_day / 60 % 60, 2);
	buffer_put_char(out, ':');
	put_digits(out, second_of_day % 60, 2);
}

bool json_put_timestamp(struct buffer *out, struct json_time time)
{
	if (time.seconds < timestamp_min || time.seconds > timestamp_max || time.nanos < 0 || time.nanos >= SECOND_NS)
		return false;
	int64_t from_min = time.seconds - timestamp_min;
	buffer_put_char(out, '"');
	put_date(out, date_of_days(from_min / DAY_S + timestamp_min / DAY_S));
	buffer_put_char(out, 'T');
	put_clock(out, (int)(from_min % DAY_S));
	put_fraction(out, time.nanos);
	buffer_put(out, "Z\"", 2);
	return true;
}

bool json_put_duration(struct buffer *out, struct json_time duration)
{
	int64_t seconds = duration.seconds;
	int32_t nanos = duration.nanos;
	bool is_negative = seconds < 0 || nanos < 0;
	if (seconds < -duration_max || seconds > duration_max || nanos <= -SECOND_NS || nanos >= SECOND_NS ||
	    (is_negative && (seconds > 0 || nanos > 0)))
		return false;
	buffer_put_string(out, is_negative ? "\"-" : "\"");
	json_put_unsigned(out, (uint64_t)llabs((long long)seconds));
	put_fraction(out, abs(nanos));
	buffer_put(out, "s\"", 2);
	return true;
}
