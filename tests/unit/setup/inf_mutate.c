/* SPDX-License-Identifier: MIT */
/*
 * inf_mutate.c - files as nobody would write them: every file of the corpus, in every encoding,
 * with bytes changed, cut out and doubled at random (the same each time), is parsed and read
 * through. What comes of it does not matter; ASan and UBSan watch.
 */
#include "tests/unit/setup/inftest.h"

#define ROUNDS 400 /* for each file and encoding */

static ULONGLONG seed = 0x9e3779b97f4a7c15ULL;

static ULONG draw(ULONG below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (ULONG)((seed >> 11) % below);
}

static BOOLEAN rank_it(const INF_MODEL *model, PVOID context)
{
    ULONG *count = context;

    (void)InfRank(model, L"ROOT\\WdmSample\0", L"ROOT\\Compatible\0", NULL);
    return ++*count < 100;
}

static WCHAR *some_directory(ULONG id, PVOID context)
{
    (void)context;
    return id % 2 != 0 ? NULL : InfDuplicate(L"C:\\somewhere");
}

static void read_through(INF_FILE *file)
{
    INF_VERSION version;
    ULONG count = 0;
    LONG number;

    InfSetDirectories(file, some_directory, NULL);
    for (const INF_SECTION *section = InfFirstSection(file); section != NULL;
         section = section->Next) {
        assert_ptr_equal(InfFindSection(file, section->Name), section);
        free(InfActualSection(file, section->Name, &InfThisSystem));
        for (ULONG i = 0; i < section->Count; i++) {
            const INF_LINE *line = &section->Lines[i];

            assert_true(line->Count >= 1);
            for (ULONG j = 0; j <= line->Count; j++) {
                free(InfField(file, line, j));
                (void)InfFieldNumber(file, line, j, &number);
            }
            if (line->Key != NULL && NtCrt_wcschr(line->Key, L'%') == NULL)
                assert_true(InfFindLine(file, section, 0, line->Key) <= i);
        }
    }
    assert_true(InfGetVersion(file, &version));
    InfFreeVersion(&version);
    (void)InfEnumerateModels(file, &InfThisSystem, rank_it, &count);
}

/* Characters that mean something are likelier than others. */
static UCHAR any_byte(void)
{
    static const UCHAR special[] = "[]=,;%\"\\\r\n \t\0\x1a\xff\xfe\xc3.0xNT";

    return draw(2) != 0 ? special[draw(sizeof(special) - 1)] : (UCHAR)draw(256);
}

static void mutate(struct text *text)
{
    ULONG changes = 1 + draw(8);

    while (changes-- != 0 && text->size > 8) {
        ULONG at = draw((ULONG)text->size), length = 1 + draw(40);

        if (length > text->size - at)
            length = (ULONG)(text->size - at);
        switch (draw(4)) {
        case 0:
            text->bytes[at] = any_byte();
            break;
        case 1:
            memmove(text->bytes + at, text->bytes + at + length, text->size - at - length);
            text->size -= length;
            break;
        case 2:
            for (ULONG i = 0; i < length; i++)
                text->bytes[at + i] = any_byte();
            break;
        default: /* what stands elsewhere */
            memmove(text->bytes + at, text->bytes + draw((ULONG)text->size - length + 1), length);
            break;
        }
    }
    if (draw(8) == 0)
        text->size = draw((ULONG)text->size + 1);
}

/* In a block of just its size, so that a byte too far is seen. */
static void parse_mutant(const struct text *mutant, ULONG *parsed)
{
    UCHAR *exact = malloc(mutant->size != 0 ? mutant->size : 1);
    INF_FILE *file;
    ULONG line, error;

    assert_non_null(exact);
    memcpy(exact, mutant->bytes, mutant->size);
    error = InfParse(exact, mutant->size, 0x409, &file, &line);
    free(exact);
    assert_int_equal(error == ERROR_SUCCESS, file != NULL);
    if (file == NULL)
        return;
    ++*parsed;
    read_through(file);
    InfFree(file);
}

static void test_mutants(void **state)
{
    static const char *const names[] = {"wdm.inf", "odd.inf", "service.inf"};
    ULONG parsed = 0;

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(names); i++) {
        struct text text = corpus(names[i]);

        for (enum encoding encoding = 0; encoding < ENCODINGS; encoding++) {
            struct text encoded = encode(&text, encoding), mutant;

            mutant.bytes = malloc(encoded.size);
            assert_non_null(mutant.bytes);
            for (ULONG round = 0; round < ROUNDS; round++) {
                memcpy(mutant.bytes, encoded.bytes, encoded.size);
                mutant.size = encoded.size;
                mutate(&mutant);
                parse_mutant(&mutant, &parsed);
            }
            free(mutant.bytes);
            free(encoded.bytes);
        }
        free(text.bytes);
    }
    /* Most are still .inf files: else the test would see little. */
    assert_true(parsed > RTL_NUMBER_OF(names) * ENCODINGS * ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutants)};
    return cmocka_run_group_tests_name("setup inf mutate", tests, NULL, NULL);
}
