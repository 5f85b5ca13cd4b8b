/* SPDX-License-Identifier: MIT */
/*
 * regtext.c - registry text: the pure reader and writer alone, every kind of value, every error
 * with its line, and what a stranger may send (mutated texts).
 */
#include "ntio/cm/regtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* What was read, as lines that are easy to compare: "K path", "D path", "V name type bytes", "X
 * name". Characters beyond ASCII show as \xxxx. */
typedef struct _LOG {
    char Text[65536];
    size_t Count;
    NTSTATUS Answer; /* what the sink says */
} LOG;

static void Add(LOG *Log, const char *Text)
{
    size_t Length = strlen(Text);
    assert_true(Log->Count + Length < sizeof(Log->Text));
    memcpy(Log->Text + Log->Count, Text, Length + 1);
    Log->Count += Length;
}

static void AddWide(LOG *Log, const WCHAR *Text, SIZE_T Count)
{
    char Part[8];
    for (SIZE_T i = 0; i < Count; i++) {
        snprintf(Part, sizeof(Part), Text[i] >= 0x20 && Text[i] < 0x7f ? "%c" : "\\%04x", Text[i]);
        Add(Log, Part);
    }
}

static NTSTATUS LogKey(PVOID Context, const WCHAR *Path, SIZE_T Characters, BOOLEAN Delete,
                       const char **Problem)
{
    LOG *Log = Context;
    *Problem = "no such thing";
    Add(Log, Delete ? "D " : "K ");
    AddWide(Log, Path, Characters);
    Add(Log, "\n");
    return Log->Answer;
}

static NTSTATUS LogValue(PVOID Context, const WCHAR *Name, SIZE_T Characters, ULONG Type,
                         const VOID *Data, ULONG Bytes, BOOLEAN Delete, const char **Problem)
{
    LOG *Log = Context;
    char Part[32];
    (void)Problem;
    Add(Log, Delete ? "X " : "V ");
    AddWide(Log, Name, Characters);
    if (!Delete) {
        snprintf(Part, sizeof(Part), " %x", (unsigned)Type);
        Add(Log, Part);
        for (ULONG i = 0; i < Bytes; i++) {
            snprintf(Part, sizeof(Part), "%s%02x", i == 0 ? " " : "", ((const UCHAR *)Data)[i]);
            Add(Log, Part);
        }
    }
    Add(Log, "\n");
    return STATUS_SUCCESS;
}

static LOG Log;
static char Reason[256];

static NTSTATUS Read(const void *Text, size_t Bytes)
{
    REGTEXT_SINK Sink = {&Log, LogKey, LogValue};
    memset(&Log, 0, sizeof(Log));
    Reason[0] = '\0';
    return RegTextRead(Text, Bytes, &Sink, Reason, sizeof(Reason));
}

static void Expect(const char *Text, const char *Lines)
{
    assert_int_equal(Read(Text, strlen(Text)), STATUS_SUCCESS);
    assert_string_equal(Log.Text, Lines);
    assert_string_equal(Reason, "");
}

static void ExpectError(const char *Text, const char *Why)
{
    assert_int_equal(Read(Text, strlen(Text)), STATUS_INVALID_PARAMETER);
    assert_string_equal(Reason, Why);
}

#define V5 "Windows Registry Editor Version 5.00\r\n"
#define K  V5 "\r\n[HKEY_LOCAL_MACHINE\\A]\r\n"
#define RK "K HKEY_LOCAL_MACHINE\\A\n"

static void every_kind_of_value(void **state)
{
    (void)state;
    Expect(V5, "");
    Expect("REGEDIT4", "");
    Expect(K, RK);
    Expect(K "@=\"x\"\r\n", RK "V  1 78000000\n");
    Expect(K "\"n\"=\"\"", RK "V n 1 0000\n");
    Expect(K "\"a\\\\b\\\"c\"=\"\\\\\\\"\"\r\n", RK "V a\\b\"c 1 5c0022000000\n");
    Expect(K "\"d\"=dword:0000001f\r\n\"e\"=DWORD:Ff", RK "V d 4 1f000000\nV e 4 ff000000\n");
    Expect(K "\"b\"=hex:01,fF,0\n", RK "V b 3 01ff00\n");
    Expect(K "\"b\"=hex:\n\"c\"=hex(0):\n", RK "V b 3\nV c 0\n");
    Expect(K "\"q\"=hex(b):01,00,00,00,00,00,00,80\n", RK "V q b 0100000000000080\n");
    Expect(K "\"m\"=hex(7):61,00,00,00,\\\r\n  62,00,00,00,\\\r\n\t00,00\r\n",
           RK "V m 7 610000006200000000"
              "00\n");
    Expect(K "\"o\"=hex(fffffffe):01", RK "V o fffffffe 01\n");
    Expect(K "\"gone\"=-\n@=-", RK "X gone\nX \n");
    Expect(V5 "[-HKEY_USERS\\B]\n[HKEY_USERS\\C]", "D HKEY_USERS\\B\nK HKEY_USERS\\C\n");
}

static void how_it_may_be_written(void **state)
{
    (void)state;
    Expect("windows registry editor version 5.00 \n", "");
    Expect(V5 ";comment\n\n  [HKEY_X\\A]\n ; more\n  \"a\" = dword:1 ; one\n\"b\"=\"x\" ; two\n",
           "K HKEY_X\\A\nV a 4 01000000\nV b 1 78000000\n");
    Expect(V5 "[HKEY_X\\a]b]\n[HKEY_X\\\\c\\]\r[HKEY_X\\d]  \n",
           "K HKEY_X\\a]b\nK HKEY_X\\c\nK HKEY_X\\d\n");
    /* A text of several lines, as regedit itself writes one; and the escapes of others. */
    Expect(K "\"t\"=\"a\r\nb\"\r\n\"u\"=\"a\\nb\"", RK "V t 1 61000d000a0062000000\n"
                                                       "V u 1 61000a0062000000\n");
}

static void encodings(void **state)
{
    static const char Ansi[] = "REGEDIT4\n[HKEY_X\\\xe4\x80]\n\"s\"=hex(2):25,61,e4,00\n"
                               "\"m\"=hex(7):61,00,62,00,00\n\"b\"=hex:61";
    WCHAR Wide[200];
    size_t Count = 0;
    (void)state;
    Expect(V5 "[HKEY_X\\\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80]",
           "K HKEY_X\\\\00e4\\20ac\\d83d\\de00\n");
    Expect("\xef\xbb\xbf" V5 "[HKEY_X\\\xc3\xa4]", "K HKEY_X\\\\00e4\n");
    /* No UTF-8: Windows-1252; and text in bytes is ANSI, too, in the old format. */
    Expect(Ansi, "K HKEY_X\\\\00e4\\20ac\nV s 2 25006100e4000000\nV m 7 61000000620000000000\n"
                 "V b 3 61\n");
    for (const char *At = V5 "[HKEY_X\\A]\r\n\"n\"=\"v\"\r\n"; *At != '\0'; At++)
        Wide[1 + Count++] = (UCHAR)*At;
    Wide[0] = 0xfeff;
    assert_int_equal(Read(Wide, (Count + 1) * 2), STATUS_SUCCESS);
    assert_string_equal(Log.Text, "K HKEY_X\\A\nV n 1 76000000\n");
    assert_int_equal(Read(Wide + 1, Count * 2), STATUS_SUCCESS); /* without its mark */
    assert_string_equal(Log.Text, "K HKEY_X\\A\nV n 1 76000000\n");
    assert_int_equal(Read(Wide, (Count + 1) * 2 - 1), STATUS_INVALID_PARAMETER);
    assert_string_equal(Reason, "line 1: half a character is missing at the end of the text");
    assert_int_equal(Read("\xfe\xff\0W", 4), STATUS_INVALID_PARAMETER);
    assert_string_equal(Reason, "line 1: the text is big-endian");
}

static void errors_have_their_line(void **state)
{
    (void)state;
    ExpectError("",
                "line 1: this is no registry text: its first line is neither \"Windows Registry "
                "Editor Version 5.00\" nor \"REGEDIT4\"");
    ExpectError("REGEDIT5\n",
                "line 1: this is no registry text: its first line is neither \"Windows "
                "Registry Editor Version 5.00\" nor \"REGEDIT4\"");
    ExpectError(V5 "\n\"a\"=\"b\"",
                "line 3: a value stands before any key, or behind a key that was deleted");
    ExpectError(V5 "[-HKEY_X\\a]\n@=dword:1",
                "line 3: a value stands before any key, or behind a key that was deleted");
    ExpectError(V5 "\r\n\r\n[HKEY_X", "line 4: the key's name has no closing bracket");
    ExpectError(V5 "[]", "line 2: the key has no name");
    ExpectError(V5 "[-\\]", "line 2: the key has no name");
    ExpectError(K "nonsense", "line 4: the line is neither a key nor a value");
    ExpectError(K "\"a\"", "line 4: an equals sign is expected behind the value's name");
    ExpectError(K "\"a=1\n\n", "line 4: the text in quotes has no end");
    ExpectError(K "\"a\"=\"b\\x\"",
                "line 4: a backslash in quotes stands before neither \\ nor \"");
    ExpectError(K "\"a\"=1", "line 4: the value is neither text in quotes nor dword: nor hex:");
    ExpectError(K "\"a\"=dword:", "line 4: hexadecimal digits are expected behind dword:");
    ExpectError(K "\"a\"=dword:123456789", "line 4: a dword has eight digits at most");
    ExpectError(K "\"a\"=dword:12x", "line 4: something stands behind the value");
    ExpectError(K "\"a\"=\"b\" c", "line 4: something stands behind the value");
    ExpectError(K "\"a\"=hex:123", "line 4: a byte has two hexadecimal digits");
    ExpectError(K "\"a\"=hex:12,\\\n  34,zz", "line 5: something stands behind the value");
    ExpectError(K "\"a\"=hex:12,\\ 34", "line 4: a backslash in a list of bytes ends its line");
    ExpectError(K "\"a\"=hex(g):", "line 4: a type is a hexadecimal number in parentheses");
    ExpectError(K "\"a\"=hex(123456789):", "line 4: a type has eight hexadecimal digits at most");
    ExpectError(K "\"a\"=hex(7)", "line 4: a colon is expected behind hex");
    assert_int_equal(Read(K "\0\n", sizeof(K "\0\n") - 1), STATUS_INVALID_PARAMETER);
    assert_string_equal(Reason, "line 4: there is a zero in the text");
    /* What the sink refuses. */
    REGTEXT_SINK Sink = {&Log, LogKey, LogValue};
    memset(&Log, 0, sizeof(Log));
    Log.Answer = STATUS_ACCESS_DENIED;
    assert_int_equal(RegTextRead(K, strlen(K), &Sink, Reason, sizeof(Reason)),
                     STATUS_ACCESS_DENIED);
    assert_string_equal(Reason, "line 3: no such thing");
    /* Nobody has to listen, and little room is enough. */
    assert_int_equal(RegTextRead("x", 1, &Sink, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(RegTextRead("x", 1, &Sink, Reason, 5), STATUS_INVALID_PARAMETER);
    assert_int_equal(strlen(Reason), 4);
}

/* ---- what is written is read again ---- */

static void written_as_regedit_does(void **state)
{
    static const UCHAR Bytes[40] = {1, 2, 3};
    REGTEXT_OUT Out;
    char Text[2000];
    (void)state;
    RegTextBegin(&Out);
    RegTextKey(&Out, L"HKEY_X\\A", 8);
    RegTextValue(&Out, L"", 0, REG_SZ, L"C:\\\"x\"", 14);
    RegTextValue(&Out, L"d", 1, REG_DWORD, "\xef\xcd\xab\x00", 4);
    RegTextValue(&Out, L"two\\\n", 5, REG_SZ, L"a\nb", 8); /* a line end: as bytes */
    RegTextValue(&Out, L"half", 4, REG_SZ, "a\0b", 3);
    RegTextValue(&Out, L"open", 4, REG_SZ, L"ab", 4); /* no zero */
    RegTextValue(&Out, L"m", 1, REG_MULTI_SZ, L"a\0", 6);
    RegTextValue(&Out, L"none", 4, REG_NONE, NULL, 0);
    RegTextValue(&Out, L"odd", 3, 0x12345678, "\x01", 1);
    RegTextValue(&Out, L"b", 1, REG_BINARY, Bytes, sizeof(Bytes));
    RegTextEnd(&Out);
    assert_false(Out.Failed);
    assert_int_equal(Out.Text[0], 0xfeff);
    for (SIZE_T i = 1; i < Out.Count; i++)
        Text[i - 1] = (char)Out.Text[i];
    Text[Out.Count - 1] = '\0';
    assert_string_equal(
        Text,
        V5 "\r\n[HKEY_X\\A]\r\n@=\"C:\\\\\\\"x\\\"\"\r\n\"d\"=dword:00abcdef\r\n"
           "\"two\\\\\\n\"=hex(1):61,00,0a,00,62,00,00,00\r\n"
           "\"half\"=hex(1):61,00,62\r\n\"open\"=hex(1):61,00,62,00\r\n"
           "\"m\"=hex(7):61,00,00,00,00,00\r\n\"none\"=hex(0):\r\n"
           "\"odd\"=hex(12345678):01\r\n"
           "\"b\"=hex:01,02,03,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,\\\r\n"
           "  00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00\r\n\r\n");
    assert_int_equal(Read(Out.Text, Out.Count * sizeof(WCHAR)), STATUS_SUCCESS);
    assert_string_equal(Log.Text, "K HKEY_X\\A\nV  1 43003a005c002200780022000000\n"
                                  "V d 4 efcdab00\nV two\\\\000a 1 61000a0062000000\n"
                                  "V half 1 610062\nV open 1 61006200\nV m 7 610000000000\n"
                                  "V none 0\nV odd 12345678 01\nV b 3 "
                                  "0102030000000000000000000000000000000000000000000000000000000000"
                                  "0000000000000000\n");
    RegTextFree(&Out);
}

/* ---- nothing is trusted ---- */

static NTSTATUS NullKey(PVOID Context, const WCHAR *Path, SIZE_T Characters, BOOLEAN Delete,
                        const char **Problem)
{
    (void)Delete;
    (void)Problem;
    assert_true(Characters != 0 && Path[Characters - 1] != L'\\');
    *(unsigned *)Context += Path[0];
    return STATUS_SUCCESS;
}

static NTSTATUS NullValue(PVOID Context, const WCHAR *Name, SIZE_T Characters, ULONG Type,
                          const VOID *Data, ULONG Bytes, BOOLEAN Delete, const char **Problem)
{
    unsigned Sum = Type + Delete;
    (void)Problem;
    for (SIZE_T i = 0; i < Characters; i++)
        Sum += Name[i];
    for (ULONG i = 0; i < Bytes; i++)
        Sum += ((const UCHAR *)Data)[i];
    *(unsigned *)Context += Sum; /* all of it is read, for the sanitizer to see */
    return STATUS_SUCCESS;
}

static unsigned Random = 12345;
static unsigned Next(unsigned Limit)
{
    Random = Random * 1103515245 + 12345;
    return (Random >> 8) % Limit;
}

static void mutated_texts(void **state)
{
    static const char Seed[] =
        K "@=\"x\\\\y\\\"z\"\r\n\"d\"=dword:0000001f ; c\r\n\"m\"=hex(7):61,00,00,00,\\\r\n  "
          "62,00,00,00,00,00\r\n\"x\"=-\r\n[-HKEY_USERS\\B]\r\n\r\n[HKEY_USERS\\C\\D]\r\n"
          "\"\xc3\xa4\"=hex(b):01,02,03,04,05,06,07,08\r\n\"t\"=\"a\r\nb\"\r\n";
    static const char Special[] = "\\\"[]=@-,;:()\r\n 0fhxd\x80\xc3\xff\0";
    enum { ROUNDS = 60000 };
    unsigned Sum = 0, Good = 0;
    REGTEXT_SINK Sink = {&Sum, NullKey, NullValue};
    (void)state;
    for (int Round = 0; Round < ROUNDS; Round++) {
        BOOLEAN Wide = Next(2), Old = Next(3) == 0;
        size_t Count = sizeof(Seed) - 1;
        UCHAR Text[4 * sizeof(Seed)];
        memcpy(Text, Seed, Count);
        if (Old) {
            memcpy(Text, "REGEDIT4", 8);
            memmove(Text + 8, Text + 36, Count - 36);
            Count -= 28;
        }
        if (Wide) {
            for (size_t i = Count; i-- != 0;) {
                Text[2 * i] = Text[i];
                Text[2 * i + 1] = 0;
            }
            Count *= 2;
        }
        for (unsigned Times = Next(6); Times != 0; Times--) {
            size_t At = Next((unsigned)Count);
            switch (Next(4)) {
            case 0:
                Text[At] = (UCHAR)Next(256);
                break;
            case 1:
                Text[At] = (UCHAR)Special[Next(sizeof(Special))];
                break;
            case 2: /* cut something out */
                memmove(Text + At, Text + At + (Count - At) / 2, Count - At - (Count - At) / 2);
                Count -= (Count - At) / 2;
                break;
            default: /* twice the same */
                if (Count + 16 < sizeof(Text) && At + 16 < Count) {
                    memmove(Text + At + 16, Text + At, Count - At);
                    Count += 16;
                }
            }
            if (Count == 0)
                break;
        }
        /* From the heap, exactly as long as it is: a look past the end is seen. */
        UCHAR *Exact = malloc(Count != 0 ? Count : 1);
        assert_non_null(Exact);
        memcpy(Exact, Text, Count);
        Reason[0] = '\0';
        NTSTATUS Status = RegTextRead(Exact, Count, &Sink, Reason, sizeof(Reason));
        free(Exact);
        if (Status == STATUS_SUCCESS) {
            Good++;
        } else {
            assert_int_equal(Status, STATUS_INVALID_PARAMETER);
            assert_memory_equal(Reason, "line ", 5);
            assert_null(strchr(Reason, '\n'));
        }
    }
    assert_true(Good > ROUNDS / 20 && Good < ROUNDS); /* both ways were gone */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(how_it_may_be_written),
        cmocka_unit_test(encodings),
        cmocka_unit_test(errors_have_their_line),
        cmocka_unit_test(written_as_regedit_does),
        cmocka_unit_test(mutated_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
