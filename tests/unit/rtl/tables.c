/* SPDX-License-Identifier: MIT */
/* tables.c - generic tables against a plain array, bitmaps against a loop, dates, random numbers,
 * versions, security. */
#include "rtltest.h"
#include "ntio/ke/ke.h"

typedef struct {
    ULONG Key, Value;
} ITEM;

static LONG allocated;
static BOOLEAN refuse;

static RTL_GENERIC_COMPARE_RESULTS compare_items(PVOID a, PVOID b)
{
    ULONG x = ((ITEM *)a)->Key, y = ((ITEM *)b)->Key;
    return x < y ? GenericLessThan : x > y ? GenericGreaterThan : GenericEqual;
}

static PVOID take_bytes(CLONG bytes)
{
    if (refuse)
        return NULL;
    allocated++;
    return malloc(bytes);
}

/* Both kinds of table by one test: their routines have the same names but for "Avl". */
#define TABLE_TEST(suffix, table_type)                                                             \
    static RTL_GENERIC_COMPARE_RESULTS NTAPI compare##suffix(table_type *t, PVOID a, PVOID b)      \
    {                                                                                              \
        assert_int_equal((ULONG_PTR)t->TableContext, 0x77);                                        \
        return compare_items(a, b);                                                                \
    }                                                                                              \
    static PVOID NTAPI take##suffix(table_type *t, CLONG bytes)                                    \
    {                                                                                              \
        (void)t;                                                                                   \
        return take_bytes(bytes);                                                                  \
    }                                                                                              \
    static VOID NTAPI give##suffix(table_type *t, PVOID p)                                         \
    {                                                                                              \
        (void)t;                                                                                   \
        allocated--;                                                                               \
        free(p);                                                                                   \
    }                                                                                              \
    static void test_table##suffix(void **state)                                                   \
    {                                                                                              \
        enum { N = 512 };                                                                          \
        static BOOLEAN there[N];                                                                   \
        table_type table;                                                                          \
        ULONG seed = 99, count = 0;                                                                \
        PVOID key;                                                                                 \
                                                                                                   \
        (void)state;                                                                               \
        memset(there, 0, sizeof(there));                                                           \
        RtlInitializeGenericTable##suffix(&table, compare##suffix, take##suffix, give##suffix,     \
                                          (PVOID)0x77);                                            \
        assert_true(RtlIsGenericTableEmpty##suffix(&table));                                       \
        assert_null(RtlEnumerateGenericTable##suffix(&table, TRUE));                               \
        for (int i = 0; i < 20000; i++) {                                                          \
            ITEM item = {RtlRandomEx(&seed) % N, (ULONG)i}, *found;                                \
            BOOLEAN new = 2, was = there[item.Key];                                                \
                                                                                                   \
            if (RtlRandomEx(&seed) % (i / 4000 % 2 ? 5 : 2) == 0) {                                \
                found = RtlInsertElementGenericTable##suffix(&table, &item, sizeof(item), &new);   \
                assert_non_null(found);                                                            \
                assert_int_equal(new, !was);                                                       \
                assert_int_equal(found->Key, item.Key);                                            \
                if (!was) {                                                                        \
                    assert_int_equal(found->Value, i);                                             \
                    count++;                                                                       \
                }                                                                                  \
                there[item.Key] = TRUE;                                                            \
            } else {                                                                               \
                assert_int_equal(RtlDeleteElementGenericTable##suffix(&table, &item), was);        \
                count -= was;                                                                      \
                there[item.Key] = FALSE;                                                           \
            }                                                                                      \
            assert_int_equal(RtlNumberGenericTableElements##suffix(&table), count);                \
            if (i % 500 == 0) {                                                                    \
                ULONG next = 0, seen = 0;                                                          \
                for (found = RtlEnumerateGenericTable##suffix(&table, TRUE); found != NULL;        \
                     found = RtlEnumerateGenericTable##suffix(&table, FALSE)) {                    \
                    while (next < found->Key)                                                      \
                        assert_false(there[next++]);                                               \
                    assert_true(there[next++]);                                                    \
                    seen++;                                                                        \
                }                                                                                  \
                assert_int_equal(seen, count);                                                     \
                seen = 0;                                                                          \
                for (key = NULL;                                                                   \
                     RtlEnumerateGenericTableWithoutSplaying##suffix(&table, &key) != NULL;)       \
                    seen++;                                                                        \
                assert_int_equal(seen, count);                                                     \
                for (ULONG j = 0; j < N; j++) {                                                    \
                    ITEM wanted = {j, 0};                                                          \
                    found = RtlLookupElementGenericTable##suffix(&table, &wanted);                 \
                    assert_int_equal(found != NULL, there[j]);                                     \
                    if (found != NULL)                                                             \
                        assert_int_equal(found->Key, j);                                           \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        refuse = TRUE;                                                                             \
        {                                                                                          \
            ITEM item = {N + 1, 0};                                                                \
            BOOLEAN new = 2;                                                                       \
            assert_null(RtlInsertElementGenericTable##suffix(&table, &item, sizeof(item), &new));  \
            assert_int_equal(new, FALSE);                                                          \
        }                                                                                          \
        refuse = FALSE;                                                                            \
        while ((key = RtlGetElementGenericTable##suffix(&table, 0)) != NULL) {                     \
            ITEM item = *(ITEM *)key;                                                              \
            assert_true(RtlDeleteElementGenericTable##suffix(&table, &item));                      \
        }                                                                                          \
        assert_true(RtlIsGenericTableEmpty##suffix(&table));                                       \
        assert_int_equal(allocated, 0);                                                            \
    }

TABLE_TEST(, RTL_GENERIC_TABLE)
TABLE_TEST(Avl, RTL_AVL_TABLE)

static void test_get_element(void **state)
{
    static const ULONG keys[] = {5, 1, 9, 3, 7}, sorted[] = {1, 3, 5, 7, 9},
                       asked[] = {0, 4, 2, 3, 1, 1, 4};
    RTL_GENERIC_TABLE splay;
    RTL_AVL_TABLE avl;

    (void)state;
    RtlInitializeGenericTable(&splay, compare, take, give, (PVOID)0x77);
    RtlInitializeGenericTableAvl(&avl, compareAvl, takeAvl, giveAvl, (PVOID)0x77);
    for (int i = 0; i < 5; i++) {
        ITEM item = {keys[i], 0};
        RtlInsertElementGenericTable(&splay, &item, sizeof(item), NULL);
        RtlInsertElementGenericTableAvl(&avl, &item, sizeof(item), NULL);
    }
    /* A splay table answers in order of insertion, an AVL table in order of the keys. */
    for (size_t i = 0; i < RTL_NUMBER_OF(asked); i++) {
        assert_int_equal(((ITEM *)RtlGetElementGenericTable(&splay, asked[i]))->Key,
                         keys[asked[i]]);
        assert_int_equal(((ITEM *)RtlGetElementGenericTableAvl(&avl, asked[i]))->Key,
                         sorted[asked[i]]);
    }
    assert_null(RtlGetElementGenericTable(&splay, 5));
    assert_null(RtlGetElementGenericTableAvl(&avl, 5));
    /* An AVL enumeration goes on where its last element was deleted. */
    RtlEnumerateGenericTableAvl(&avl, TRUE);
    assert_int_equal(((ITEM *)RtlEnumerateGenericTableAvl(&avl, FALSE))->Key, 3);
    {
        ITEM item = {3, 0};
        RtlDeleteElementGenericTableAvl(&avl, &item);
    }
    assert_int_equal(((ITEM *)RtlEnumerateGenericTableAvl(&avl, FALSE))->Key, 5);
    for (int i = 0; i < 5; i++) {
        ITEM item = {keys[i], 0};
        RtlDeleteElementGenericTable(&splay, &item);
        RtlDeleteElementGenericTableAvl(&avl, &item);
    }
    assert_int_equal(allocated, 0);
}

static void test_avl_depth(void **state)
{
    RTL_AVL_TABLE table;

    (void)state;
    RtlInitializeGenericTableAvl(&table, compareAvl, takeAvl, giveAvl, (PVOID)0x77);
    for (ULONG i = 0; i < 1023; i++) {
        ITEM item = {i, 0};
        RtlInsertElementGenericTableAvl(&table, &item, sizeof(item), NULL);
    }
    assert_int_equal(table.DepthOfTree, 10);
    for (ULONG i = 0; i < 1022; i++) {
        ITEM item = {i, 0};
        assert_true(RtlDeleteElementGenericTableAvl(&table, &item));
    }
    assert_int_equal(table.DepthOfTree, 1);
    {
        ITEM item = {1022, 0};
        RtlDeleteElementGenericTableAvl(&table, &item);
    }
    assert_int_equal(table.DepthOfTree, 0);
}

static void test_bitmap(void **state)
{
    enum { N = 203 };
    ULONG words[(N + 31) / 32], seed = 5;
    UCHAR model[N];
    RTL_BITMAP map;

    (void)state;
    RtlInitializeBitMap(&map, words, N);
    RtlSetAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), N);
    assert_int_equal(RtlFindClearBits(&map, 1, 0), 0xffffffff);
    RtlClearAllBits(&map);
    assert_int_equal(RtlNumberOfClearBits(&map), N);
    memset(model, 0, sizeof(model));
    for (int i = 0; i < 5000; i++) {
        ULONG from = RtlRandomEx(&seed) % N, length = RtlRandomEx(&seed) % 40 + 1, found, expected;
        BOOLEAN set = RtlRandomEx(&seed) % 2, all = TRUE;

        if (length > N - from)
            length = N - from;
        if (set)
            RtlSetBits(&map, from, length);
        else
            RtlClearBits(&map, from, length);
        memset(model + from, set, length);
        from = RtlRandomEx(&seed) % N;
        length = RtlRandomEx(&seed) % 12 + 1;
        for (ULONG j = from; j < from + length; j++)
            all = all && j < N && model[j] == set;
        assert_int_equal(
            set ? RtlAreBitsSet(&map, from, length) : RtlAreBitsClear(&map, from, length), all);
        assert_int_equal(RtlTestBit(&map, from), model[from]);
        /* The first run at or after the hint, else the first of all. */
        expected = 0xffffffff;
        for (ULONG j = 0; j < N && expected == 0xffffffff; j++) {
            ULONG start = (from + j) % N, k;
            for (k = 0; k < length && start + k < N && model[start + k] == set; k++)
                ;
            if (k == length)
                expected = start;
        }
        found = set ? RtlFindSetBits(&map, length, from) : RtlFindClearBits(&map, length, from);
        assert_int_equal(found, expected);
    }
    RtlClearAllBits(&map);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 33, 31), 31);
    assert_int_equal(RtlNumberOfSetBits(&map), 33);
    assert_int_equal(RtlFindSetBitsAndClear(&map, 33, 0), 31);
    assert_int_equal(RtlNumberOfSetBits(&map), 0);
    RtlSetBit(&map, 202);
    RtlSetBit(&map, 201);
    RtlClearBit(&map, 202);
    assert_int_equal(RtlFindSetBits(&map, 1, 0), 201);
    assert_int_equal(RtlFindClearBits(&map, N + 1, 0), 0xffffffff);
    assert_int_equal(RtlFindLeastSignificantBit(0), -1);
    assert_int_equal(RtlFindLeastSignificantBit(0x8000000000000010), 4);
    assert_int_equal(RtlFindMostSignificantBit(0x8000000000000010), 63);
    assert_int_equal(RtlFindMostSignificantBit(0), -1);
}

static void test_time_fields(void **state)
{
    static const struct {
        LONGLONG time;
        TIME_FIELDS fields;
    } cases[] = {
        {0, {1601, 1, 1, 0, 0, 0, 0, 1}},
        {116444736000000000LL, {1970, 1, 1, 0, 0, 0, 0, 4}},
        {125911584000000000LL, {2000, 1, 1, 0, 0, 0, 0, 6}},
        {125963423999990000LL, {2000, 2, 29, 23, 59, 59, 999, 2}},
        {132539327999990000LL, {2020, 12, 31, 23, 59, 59, 999, 4}},
    };
    static const TIME_FIELDS bad[] = {
        {1600, 12, 31, 0, 0, 0, 0, 0}, {2021, 2, 29, 0, 0, 0, 0, 0},   {2100, 2, 29, 0, 0, 0, 0, 0},
        {2000, 13, 1, 0, 0, 0, 0, 0},  {2000, 0, 1, 0, 0, 0, 0, 0},    {2000, 4, 31, 0, 0, 0, 0, 0},
        {2000, 1, 0, 0, 0, 0, 0, 0},   {2000, 1, 1, 24, 0, 0, 0, 0},   {2000, 1, 1, 0, 60, 0, 0, 0},
        {2000, 1, 1, 0, 0, 60, 0, 0},  {2000, 1, 1, 0, 0, 0, 1000, 0}, {30828, 1, 1, 0, 0, 0, 0, 0},
        {2000, 1, 1, -1, 0, 0, 0, 0},
    };
    LARGE_INTEGER time;
    TIME_FIELDS fields;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        time.QuadPart = cases[i].time;
        RtlTimeToTimeFields(&time, &fields);
        assert_memory_equal(&fields, &cases[i].fields, sizeof(fields));
        assert_true(RtlTimeFieldsToTime(&fields, &time));
        assert_int_equal(time.QuadPart, cases[i].time);
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(bad); i++) {
        fields = bad[i];
        assert_false(RtlTimeFieldsToTime(&fields, &time));
    }
    /* Each day of 800 years, there and back. */
    for (LONGLONG day = 0; day < 292194; day++) {
        LARGE_INTEGER back;
        time.QuadPart = day * 864000000000LL + 12345 * 10000LL;
        RtlTimeToTimeFields(&time, &fields);
        assert_true(RtlTimeFieldsToTime(&fields, &back));
        assert_int_equal(back.QuadPart, time.QuadPart);
        assert_int_equal(fields.Weekday, (day + 1) % 7);
    }
}

static void test_random(void **state)
{
    ULONG seed = 1, again = 1, same = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(RtlUniform(&seed), RtlUniform(&again));
        assert_true(seed < MAXLONG);
    }
    for (int i = 0; i < 1000; i++)
        same += RtlRandomEx(&seed) == RtlRandom(&again);
    assert_true(same < 10);
}

static void test_version(void **state)
{
    RTL_OSVERSIONINFOEXW version = {.dwOSVersionInfoSize = sizeof(version), .wProductType = 9},
                         wanted;
    RTL_OSVERSIONINFOW plain = {.dwOSVersionInfoSize = sizeof(plain)};
    ULONGLONG mask = 0;

    (void)state;
    assert_int_equal(RtlGetVersion(&plain), STATUS_SUCCESS);
    assert_int_equal(plain.dwMajorVersion, 10);
    assert_int_equal(plain.dwPlatformId, 2);
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&version), STATUS_SUCCESS);
    assert_int_equal(version.wProductType, NtProductWinNt);
    assert_int_equal(version.dwBuildNumber, plain.dwBuildNumber);
    mask = VerSetConditionMask(0, 2, 3);    /* major, at least */
    mask = VerSetConditionMask(mask, 1, 3); /* minor, at least */
    wanted = version;
    wanted.dwMajorVersion = 6;
    wanted.dwMinorVersion = 3;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 3, mask), STATUS_SUCCESS);
    wanted.dwMajorVersion = 10;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 3, mask), STATUS_REVISION_MISMATCH);
    wanted.dwMinorVersion = 0;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 3, mask), STATUS_SUCCESS);
    wanted.dwMajorVersion = 11;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 3, mask), STATUS_REVISION_MISMATCH);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 0, mask), STATUS_INVALID_PARAMETER);
    wanted.dwBuildNumber = version.dwBuildNumber + 1;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 4, VerSetConditionMask(0, 4, 3)),
                     STATUS_REVISION_MISMATCH);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, 4, VerSetConditionMask(0, 4, 5)),
                     STATUS_SUCCESS);
    assert_true(RtlIsNtDdiVersionAvailable(0x06010000));
    assert_false(RtlIsNtDdiVersionAvailable(0x0b000000));
}

static void test_security(void **state)
{
    SECURITY_DESCRIPTOR descriptor;
    ACL acl = {2, 0, sizeof(acl), 0, 0};
    UCHAR sid[12] = {1, 1};

    (void)state;
    assert_int_equal(RtlCreateSecurityDescriptor(&descriptor, 2), STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlCreateSecurityDescriptor(&descriptor, 1), STATUS_SUCCESS);
    assert_int_equal(RtlLengthSecurityDescriptor(&descriptor), sizeof(descriptor));
    assert_int_equal(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, &acl, FALSE), STATUS_SUCCESS);
    descriptor.Owner = sid;
    assert_int_equal(RtlLengthSecurityDescriptor(&descriptor),
                     sizeof(descriptor) + sizeof(acl) + 12);
    assert_true(RtlValidSecurityDescriptor(&descriptor));
    sid[0] = 2;
    assert_false(RtlValidSecurityDescriptor(&descriptor));
    assert_int_equal(RtlSetDaclSecurityDescriptor(&descriptor, FALSE, NULL, FALSE), STATUS_SUCCESS);
    descriptor.Control |= 0x8000;
    assert_int_equal(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, NULL, FALSE),
                     STATUS_INVALID_SECURITY_DESCR);
    descriptor.Revision = 3;
    assert_false(RtlValidSecurityDescriptor(&descriptor));
}

static __attribute__((noinline)) USHORT capture(PVOID *frames, ULONG skip)
{
    return RtlCaptureStackBackTrace(skip, 8, frames, NULL);
}

static void test_backtrace(void **state)
{
    PVOID frames[8], fewer[8];
    USHORT count = capture(frames, 0), less = capture(fewer, 1);

    (void)state;
    assert_in_range(count, 2, 8);
    assert_true(less >= 1);
    assert_ptr_not_equal(frames[0], fewer[0]);
    assert_ptr_equal(frames[2], fewer[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_tableAvl),
        cmocka_unit_test(test_get_element), cmocka_unit_test(test_avl_depth),
        cmocka_unit_test(test_bitmap),      cmocka_unit_test(test_time_fields),
        cmocka_unit_test(test_random),      cmocka_unit_test(test_version),
        cmocka_unit_test(test_security),    cmocka_unit_test(test_backtrace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
