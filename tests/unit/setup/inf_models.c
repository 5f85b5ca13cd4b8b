/* SPDX-License-Identifier: MIT */
/* inf_models.c - decorations, models, versions and ranks. */
#include "tests/unit/setup/inftest.h"

static const INF_TARGET win10 = {L"amd64", 10, 0, 19045, 1, 0x100};

/* ---- decorations ---- */

static void test_decorations(void **state)
{
    static const struct {
        const WCHAR *Decoration;
        BOOLEAN Amd64, X86;
    } cases[] = {
        {L"NTamd64", TRUE, FALSE},
        {L"ntAMD64", TRUE, FALSE},
        {L"NTx86", FALSE, TRUE},
        {L"NT", FALSE, TRUE},
        {L"NT.5.1", FALSE, TRUE},
        {L"NTamd64.10.0", TRUE, FALSE},
        {L"NTamd64.10.1", FALSE, FALSE},
        {L"NTamd64.11", FALSE, FALSE},
        {L"NTamd64.6.3", TRUE, FALSE},
        {L"NTamd64.10.0...19045", TRUE, FALSE},
        {L"NTamd64.10.0...19046", FALSE, FALSE},
        {L"NTamd64.6.1...99999", TRUE, FALSE}, /* a build of an older version */
        {L"NTamd64.10.0.1", TRUE, FALSE},
        {L"NTamd64.10.0.0x3", FALSE, FALSE}, /* servers */
        {L"NTamd64.10.0..0x100", TRUE, FALSE},
        {L"NTamd64.10.0..0x2", FALSE, FALSE},
        {L"NTamd64.10.x", FALSE, FALSE},
        {L"NTamd64.10.0.1.256.19045.1", FALSE, FALSE},
        {L"NTarm64", FALSE, FALSE},
        {L"NTamd6", FALSE, FALSE},
        {L"NTamd644", FALSE, FALSE},
        {L"amd64", FALSE, FALSE},
        {L"", FALSE, FALSE},
    };
    const INF_TARGET x86 = {L"x86", 10, 0, 19045, 1, 0x100};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        ULONGLONG score;

        assert_int_equal(InfDecorationFits(cases[i].Decoration, &win10, &score), cases[i].Amd64);
        assert_int_equal(InfDecorationFits(cases[i].Decoration, &x86, &score), cases[i].X86);
    }
}

/* From the worst to the best for one system. */
static void test_decoration_order(void **state)
{
    static const WCHAR *const order[] = {
        L"NTamd64",
        L"NTamd64.5",
        L"NTamd64.6.0",
        L"NTamd64.6.1",
        L"NTamd64.10.0",
        L"NTamd64.10.0.1",
        L"NTamd64.10.0...10240",
        L"NTamd64.10.0...16299",
        L"NTamd64.10.0.1..16299",
    };
    ULONGLONG last = 0, score;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(order); i++) {
        assert_true(InfDecorationFits(order[i], &win10, &score));
        assert_true(i == 0 || score > last);
        last = score;
    }
}

static void test_models_section(void **state)
{
    static const struct {
        INF_TARGET Target;
        const WCHAR *Section;
    } cases[] = {
        {{L"amd64", 10, 0, 19045, 1, 0}, L"Models.NTamd64.10.0...16299"},
        {{L"amd64", 10, 0, 10240, 1, 0}, L"Models.NTamd64.6.1"},
        {{L"amd64", 6, 1, 7601, 1, 0}, L"Models.NTamd64.6.1"},
        {{L"amd64", 6, 0, 6000, 1, 0}, L"Models.NTamd64"},
        {{L"x86", 5, 1, 2600, 1, 0}, L"Models.NTx86"},
        {{L"arm64", 10, 0, 19045, 1, 0}, NULL},
        {{L"amd64", 10, 0, 100000, 1, 0}, L"Models.NTamd64.10.0...99999"},
    };
    INF_FILE *file = inf_of_corpus("wdm.inf", 0x409);
    const INF_SECTION *section = InfFindSection(file, L"Manufacturer");

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        WCHAR *name = InfModelsSection(file, &section->Lines[0], &cases[i].Target);

        if (cases[i].Section == NULL)
            assert_null(name);
        else
            assert_wide_equal(name, cases[i].Section);
        free(name);
    }
    InfFree(file);
}

/* An undecorated models section is for x86 alone. */
static void test_undecorated(void **state)
{
    static const char text[] = "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\n%m%=Devices\n"
                               "Own name\n[Devices]\nx=i,ID\n[Own name]\ny=i,ID\n";
    const INF_TARGET x86 = {L"x86", 10, 0, 19045, 1, 0};
    INF_FILE *file = inf_of((const UCHAR *)text, sizeof(text) - 1, 0x409);
    const INF_SECTION *section = InfFindSection(file, L"Manufacturer");
    WCHAR *name;

    (void)state;
    assert_null(InfModelsSection(file, &section->Lines[0], &win10));
    name = InfModelsSection(file, &section->Lines[0], &x86);
    assert_wide_equal(name, L"Devices");
    free(name);
    name = InfModelsSection(file, &section->Lines[1], &x86);
    assert_wide_equal(name, L"Own name");
    free(name);
    InfFree(file);
}

static void test_actual_section(void **state)
{
    static const char text[] = "[Version]\nSignature=$CHICAGO$\n[a]\n[a.NT]\n[a.ntAMD64]\n[b]\n"
                               "[b.nt]\n[c]\n[d.NTx86]\n";
    INF_FILE *file = inf_of((const UCHAR *)text, sizeof(text) - 1, 0x409);
    static const struct {
        const WCHAR *Name, *Actual;
    } cases[] = {{L"a", L"a.NTamd64"}, {L"b", L"b.NT"}, {L"c", L"c"}, {L"d", NULL}, {L"e", NULL}};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        WCHAR *name = InfActualSection(file, cases[i].Name, &win10);

        if (cases[i].Actual == NULL)
            assert_null(name);
        else
            assert_wide_equal(name, cases[i].Actual);
        free(name);
    }
    InfFree(file);
}

static void test_this_system(void **state)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};

    (void)state;
    assert_int_equal(RtlGetVersion(&version), 0);
    assert_int_equal(version.dwMajorVersion, InfThisSystem.Major);
    assert_int_equal(version.dwMinorVersion, InfThisSystem.Minor);
    assert_int_equal(version.dwBuildNumber, InfThisSystem.Build);
}

/* ---- [Version] ---- */

static void test_version(void **state)
{
    static const GUID guid = {
        0x78a1c341, 0x4539, 0x11d3, {0xb8, 0x8d, 0x00, 0xc0, 0x4f, 0xad, 0x51, 0x71}};
    INF_FILE *file = inf_of_corpus("wdm.inf", 0x409);
    INF_VERSION version;

    (void)state;
    assert_true(InfGetVersion(file, &version));
    assert_wide_equal(version.Class, L"Sample");
    assert_wide_equal(version.Provider, L"Example, Inc.");
    assert_wide_equal(version.CatalogFile, L"wdm.cat");
    assert_true(version.HasClassGuid);
    assert_memory_equal(&version.ClassGuid, &guid, sizeof(guid));
    assert_int_equal(version.Date, INF_DRIVER_DATE(2006, 6, 21));
    assert_true(version.DriverVer == 0x0001000200030004ULL);
    InfFreeVersion(&version);
    InfFree(file);
    file = inf_of_corpus("service.inf", 0x409); /* no date and no version that can be one */
    assert_true(InfGetVersion(file, &version));
    assert_false(version.HasClassGuid);
    assert_null(version.Class);
    assert_int_equal(version.Date, 0);
    assert_true(version.DriverVer == 0);
    InfFreeVersion(&version);
    InfFree(file);
}

/* ---- models and ranks ---- */

struct seen {
    ULONG count, stop_after;
    const WCHAR *hardware, *compatible;
    ULONG ranks[8];
};

static BOOLEAN see(const INF_MODEL *model, PVOID context)
{
    struct seen *seen = context;

    if (seen->count == 0) {
        assert_wide_equal(model->Description, L"Sample device in English");
        assert_wide_equal(model->Manufacturer, L"Example, Inc.");
        assert_wide_equal(model->Section, L"Install");
        assert_wide_equal(model->ActualSection, L"Install.NT");
        assert_int_equal(model->IdCount, 3);
        assert_wide_equal(model->Ids, L"ROOT\\WdmSample");
        assert_int_equal(model->FeatureScore, 0x40);
    } else {
        assert_wide_equal(model->Description, L"Second device");
        assert_int_equal(model->IdCount, 2);
        assert_wide_equal(model->Ids, L"");
    }
    seen->ranks[seen->count++] = InfRank(model, seen->hardware, seen->compatible, NULL);
    return seen->count != seen->stop_after;
}

static void test_models(void **state)
{
    INF_FILE *file = inf_of_corpus("wdm.inf", 0x409);
    struct seen seen = {.hardware = L"root\\wdmSAMPLE\0", .compatible = L"ROOT\\Compatible\0"};

    (void)state;
    assert_true(InfEnumerateModels(file, &win10, see, &seen));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.ranks[0], 0x80400000);
    assert_int_equal(seen.ranks[1], 0x80403000);
    seen.count = 0;
    seen.stop_after = 1;
    assert_true(InfEnumerateModels(file, &win10, see, &seen));
    assert_int_equal(seen.count, 1);
    InfFree(file);
}

/* The table of the page "Driver package rank example", for an unsigned driver. */
static void test_ranks(void **state)
{
    static const struct {
        const WCHAR *Hardware, *Compatible;
        ULONG Rank;
        const WCHAR *Matched;
    } cases[] = {
        {L"H1\0H2\0", L"C1\0C2\0", INF_NO_RANK, NULL},
        {L"IH\0H2\0", L"C1\0C2\0", 0x80ff0000, L"IH"},
        {L"H1\0IH\0", L"C1\0C2\0", 0x80ff0001, L"IH"},
        {L"IC1\0H2\0", L"C1\0C2\0", 0x80ff1000, L"IC1"},
        {L"H1\0IC2\0", L"C1\0C2\0", 0x80ff1001, L"IC2"},
        {L"H1\0H2\0", L"IH\0C2\0", 0x80ff2000, L"IH"},
        {L"H1\0H2\0", L"C1\0ih\0", 0x80ff2001, L"ih"},
        {L"H1\0H2\0", L"IC1\0C2\0", 0x80ff3000, L"IC1"},
        {L"H1\0H2\0", L"C1\0IC1\0", 0x80ff3001, L"IC1"},
        {L"H1\0H2\0", L"IC2\0C2\0", 0x80ff3100, L"IC2"},
        {L"H1\0H2\0", L"C1\0IC2\0", 0x80ff3101, L"IC2"},
        {L"IC1\0IH\0", L"IH\0", 0x80ff0001, L"IH"}, /* the best of all matches */
        {NULL, L"IH\0", 0x80ff2000, L"IH"},
        {NULL, NULL, INF_NO_RANK, NULL},
    };
    static const WCHAR ids[] = L"IH\0IC1\0IC2\0";
    INF_MODEL model = {.Section = (WCHAR *)L"i",
                       .ActualSection = (WCHAR *)L"i.NT",
                       .Ids = (WCHAR *)ids,
                       .IdCount = 3,
                       .FeatureScore = 0xff};

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        const WCHAR *matched;

        assert_int_equal(InfRank(&model, cases[i].Hardware, cases[i].Compatible, &matched),
                         cases[i].Rank);
        if (cases[i].Matched == NULL)
            assert_null(matched);
        else
            assert_wide_equal(matched, cases[i].Matched);
    }
    model.ActualSection = (WCHAR *)L"i";
    model.FeatureScore = 0;
    assert_int_equal(InfRank(&model, L"IH\0", NULL, NULL), 0xc0000000);
    model.ActualSection = (WCHAR *)L"i.ntamd64";
    assert_int_equal(InfRank(&model, L"IH\0", NULL, NULL), 0x80000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decorations),    cmocka_unit_test(test_decoration_order),
        cmocka_unit_test(test_models_section), cmocka_unit_test(test_undecorated),
        cmocka_unit_test(test_actual_section), cmocka_unit_test(test_this_system),
        cmocka_unit_test(test_version),        cmocka_unit_test(test_models),
        cmocka_unit_test(test_ranks),
    };
    return cmocka_run_group_tests_name("setup inf models", tests, NULL, NULL);
}
