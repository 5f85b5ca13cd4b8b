/* SPDX-License-Identifier: MIT */
/* Threads that create, write, enumerate and delete below one key. */
#include "cmtest.h"

#include <pthread.h>

enum { Threads = 4, Rounds = 600 };

typedef struct _WORKER {
    pthread_t Thread;
    ULONG Number;
    const char *Failure;
} WORKER;

static BOOLEAN OneOf(NTSTATUS Status, NTSTATUS A, NTSTATUS B)
{
    return Status == STATUS_SUCCESS || Status == A || Status == B;
}

static void *Work(void *Argument)
{
    WORKER *Worker = Argument;

    for (ULONG i = 0; i < Rounds && Worker->Failure == NULL; i++) {
        WCHAR Name[] = L"K0";
        ULONG Buffer[64], Length;
        HANDLE Parent, Key;
        NTSTATUS Status;

        Name[1] = (WCHAR)(L'0' + (i + Worker->Number) % 5);
        if (!NT_SUCCESS(OpenKey(&Parent, TEST, NULL))) {
            Worker->Failure = "open of the parent";
            break;
        }
        Status = CreateKey(&Key, Name, Parent, 0, NULL);
        if (!NT_SUCCESS(Status)) {
            Worker->Failure = "create";
        } else {
            if (!OneOf(SetValue(Key, L"V", REG_DWORD, &i, 4), STATUS_KEY_DELETED, 0))
                Worker->Failure = "set";
            if (!OneOf(ZwQueryKey(Key, KeyFullInformation, Buffer, sizeof(Buffer), &Length),
                       STATUS_KEY_DELETED, 0))
                Worker->Failure = "query";
            if (!OneOf(ZwEnumerateKey(Parent, i % 5, KeyBasicInformation, Buffer, sizeof(Buffer),
                                      &Length),
                       STATUS_NO_MORE_ENTRIES, 0))
                Worker->Failure = "enumerate";
            if (i % 3 == 0 && !OneOf(ZwDeleteKey(Key), STATUS_KEY_DELETED, 0))
                Worker->Failure = "delete";
            ZwClose(Key);
        }
        ZwClose(Parent);
    }
    return NULL;
}

static void OneKey(void **State)
{
    WORKER Workers[Threads];
    (void)State;

    assert_ok(CmpCreateKey(TEST));
    for (ULONG i = 0; i < Threads; i++) {
        Workers[i] = (WORKER){.Number = i};
        assert_int_equal(pthread_create(&Workers[i].Thread, NULL, Work, &Workers[i]), 0);
    }
    for (ULONG i = 0; i < Threads; i++)
        pthread_join(Workers[i].Thread, NULL);
    for (ULONG i = 0; i < Threads; i++)
        assert_string_equal(Workers[i].Failure != NULL ? Workers[i].Failure : "", "");
    assert_ok(CmpDeleteTree(TEST));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(OneKey)};
    return cmocka_run_group_tests(Tests, BootGroup, ShutdownGroup);
}
