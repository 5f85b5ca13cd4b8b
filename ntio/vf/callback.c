/* SPDX-License-Identifier: MIT */
/* callback.c - KeRegisterBugCheckCallback: what drivers want done when the host stops. */
#include "ntio/vf/vfp.h"
#include <pthread.h>

/*
 * Guards the list. The host that stops takes it with trylock only: a stop inside one of the two
 * routines must not hang.
 */
static pthread_mutex_t VfpCallbackLock = PTHREAD_MUTEX_INITIALIZER;
static LIST_ENTRY VfpCallbacks = {&VfpCallbacks, &VfpCallbacks};

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer,
                                         ULONG Length, PUCHAR Component)
{
    BOOLEAN Added = FALSE;

    pthread_mutex_lock(&VfpCallbackLock);
    if (CallbackRecord->State == BufferEmpty) {
        CallbackRecord->CallbackRoutine = CallbackRoutine;
        CallbackRecord->Buffer = Buffer;
        CallbackRecord->Length = Length;
        CallbackRecord->Component = Component;
        CallbackRecord->Checksum =
            (ULONG_PTR)CallbackRoutine + (ULONG_PTR)Buffer + Length + (ULONG_PTR)Component;
        CallbackRecord->State = BufferInserted;
        InsertTailList(&VfpCallbacks, &CallbackRecord->Entry);
        Added = TRUE;
    }
    pthread_mutex_unlock(&VfpCallbackLock);
    return Added;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    BOOLEAN Removed = FALSE;

    pthread_mutex_lock(&VfpCallbackLock);
    if (CallbackRecord->State == BufferInserted) {
        CallbackRecord->State = BufferEmpty;
        RemoveEntryList(&CallbackRecord->Entry);
        Removed = TRUE;
    }
    pthread_mutex_unlock(&VfpCallbackLock);
    return Removed;
}

VOID VfpRunBugCheckCallbacks(VOID)
{
    PLIST_ENTRY Entry;

    if (pthread_mutex_trylock(&VfpCallbackLock) != 0)
        return;
    for (Entry = VfpCallbacks.Flink; Entry != &VfpCallbacks; Entry = Entry->Flink) {
        PKBUGCHECK_CALLBACK_RECORD Record =
            CONTAINING_RECORD(Entry, KBUGCHECK_CALLBACK_RECORD, Entry);
        /* A record that was overwritten is passed over, as Windows does. */
        if (Record->Checksum != (ULONG_PTR)Record->CallbackRoutine + (ULONG_PTR)Record->Buffer +
                                    Record->Length + (ULONG_PTR)Record->Component)
            continue;
        Record->State = BufferStarted;
        Record->CallbackRoutine(Record->Buffer, Record->Length);
        Record->State = BufferFinished;
    }
    pthread_mutex_unlock(&VfpCallbackLock);
}
