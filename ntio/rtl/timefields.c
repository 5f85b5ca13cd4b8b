/* SPDX-License-Identifier: MIT */
/* timefields.c - system time (100 ns since 1601) as a date, in the Gregorian calendar, and back. */
#include "rtlp.h"

#define RTLP_DAY_100NS 864000000000ULL

static BOOLEAN RtlpLeapYear(LONG Year)
{
    return (Year % 4 == 0 && Year % 100 != 0) || Year % 400 == 0;
}

static LONG RtlpDaysInMonth(LONG Year, LONG Month)
{
    static const UCHAR Days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return Days[Month - 1] + (Month == 2 && RtlpLeapYear(Year));
}

/* Days from the first of January 1601 to that of Year. */
static LONG RtlpDaysBefore(LONG Year)
{
    LONG Past = Year - 1601;
    return Past * 365 + Past / 4 - Past / 100 + Past / 400;
}

VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    ULONGLONG Value = (ULONGLONG)Time->QuadPart;
    LONG Days = (LONG)(Value / RTLP_DAY_100NS);
    ULONG Rest = (ULONG)(Value % RTLP_DAY_100NS / 10000);
    LONG Year = 1601 + (LONG)((LONGLONG)Days * 400 / 146097), Month = 1;

    TimeFields->Weekday = (CSHORT)((Days + 1) % 7); /* it was a Monday */
    while (RtlpDaysBefore(Year) > Days)
        Year--;
    while (RtlpDaysBefore(Year + 1) <= Days)
        Year++;
    Days -= RtlpDaysBefore(Year);
    for (; Days >= RtlpDaysInMonth(Year, Month); Month++)
        Days -= RtlpDaysInMonth(Year, Month);
    TimeFields->Year = (CSHORT)Year;
    TimeFields->Month = (CSHORT)Month;
    TimeFields->Day = (CSHORT)(Days + 1);
    TimeFields->Milliseconds = (CSHORT)(Rest % 1000);
    Rest /= 1000;
    TimeFields->Second = (CSHORT)(Rest % 60);
    TimeFields->Minute = (CSHORT)(Rest / 60 % 60);
    TimeFields->Hour = (CSHORT)(Rest / 3600);
}

/* Weekday is not looked at. */
BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    const TIME_FIELDS *f = TimeFields;
    LONGLONG Days, Milliseconds;

    if (f->Year < 1601 || f->Year > 30827 || f->Month < 1 || f->Month > 12 || f->Day < 1 ||
        f->Day > RtlpDaysInMonth(f->Year, f->Month) || f->Hour < 0 || f->Hour > 23 ||
        f->Minute < 0 || f->Minute > 59 || f->Second < 0 || f->Second > 59 || f->Milliseconds < 0 ||
        f->Milliseconds > 999)
        return FALSE;
    Days = RtlpDaysBefore(f->Year) + f->Day - 1;
    for (LONG Month = 1; Month < f->Month; Month++)
        Days += RtlpDaysInMonth(f->Year, Month);
    Milliseconds = ((f->Hour * 60LL + f->Minute) * 60 + f->Second) * 1000 + f->Milliseconds;
    if (__builtin_mul_overflow(Days, (LONGLONG)RTLP_DAY_100NS, &Time->QuadPart) ||
        __builtin_add_overflow(Time->QuadPart, Milliseconds * 10000, &Time->QuadPart))
        return FALSE;
    return TRUE;
}
