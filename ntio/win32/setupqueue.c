/* SPDX-License-Identifier: MIT */
/*
 * setupqueue.c - file queues: sections whose files are copied, renamed and deleted when the queue
 * is committed.
 */
#include "ntio/win32/setupinf.h"
#include "ntio/win32/join.h"
#include "setupapi.h"

typedef struct _QUEUE_ENTRY {
    struct _QUEUE_ENTRY *Next;
    HINF Inf; /* referenced: the file stays open */
    WCHAR *Section, *SourceRoot;
    UINT CopyFlags;
} QUEUE_ENTRY;

typedef struct _FILE_QUEUE {
    struct _FILE_QUEUE *Next;
    QUEUE_ENTRY *First;
} FILE_QUEUE;

static KI_LOCK QueueLock; /* the list of queues, and their entries */
static FILE_QUEUE *Queues;

static VOID FreeEntries(QUEUE_ENTRY *Entry)
{
    QUEUE_ENTRY *Next;

    for (; Entry != NULL; Entry = Next) {
        Next = Entry->Next;
        Win32pReleaseInf(Entry->Inf);
        free(Entry->Section);
        free(Entry->SourceRoot);
        free(Entry);
    }
}

/* QueueLock is held. */
static FILE_QUEUE *Find(HSPFILEQ Handle)
{
    FILE_QUEUE *Queue = Queues;

    while (Queue != NULL && Queue != Handle)
        Queue = Queue->Next;
    return Queue;
}

HSPFILEQ WINAPI SetupOpenFileQueue(VOID)
{
    FILE_QUEUE *Queue = calloc(1, sizeof(*Queue));

    if (Queue == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return INVALID_HANDLE_VALUE;
    }
    KiLock(&QueueLock);
    Queue->Next = Queues;
    Queues = Queue;
    KiUnlock(&QueueLock);
    return Queue;
}

BOOL WINAPI SetupCloseFileQueue(HSPFILEQ Handle)
{
    FILE_QUEUE **Link, *Queue = NULL;

    KiLock(&QueueLock);
    for (Link = &Queues; *Link != NULL; Link = &(*Link)->Next) {
        if (*Link == Handle) {
            Queue = *Link;
            *Link = Queue->Next;
            break;
        }
    }
    KiUnlock(&QueueLock);
    if (Queue == NULL)
        return Win32pSetup(ERROR_INVALID_HANDLE);
    FreeEntries(Queue->First);
    free(Queue);
    return TRUE;
}

VOID Win32ForgetQueues(VOID)
{
    while (Queues != NULL)
        (void)SetupCloseFileQueue(Queues);
}

BOOL WINAPI SetupInstallFilesFromInfSectionW(HINF Handle, HINF LayoutInf, HSPFILEQ QueueHandle,
                                             PCWSTR Section, PCWSTR SourceRoot, UINT CopyFlags)
{
    QUEUE_ENTRY *Entry = calloc(1, sizeof(*Entry)), **Link;
    SETUP_INF *Inf = Win32pInf(Handle);
    DWORD Error = Inf == NULL ? ERROR_INVALID_HANDLE : ERROR_SUCCESS;
    FILE_QUEUE *Queue;
    BOOLEAN Found = FALSE;

    (void)LayoutInf; /* what is appended to Handle is looked through as well */
    if (Error == ERROR_SUCCESS && Section == NULL)
        Error = ERROR_INVALID_PARAMETER;
    for (ULONG i = 0; Error == ERROR_SUCCESS && i < Inf->Count && !Found; i++)
        Found = InfFindSection(Inf->Parts[i].File, Section) != NULL;
    if (Error == ERROR_SUCCESS && !Found)
        Error = ERROR_SECTION_NOT_FOUND;
    if (Error == ERROR_SUCCESS && Entry != NULL) {
        Entry->Section = InfDuplicate(Section);
        Entry->SourceRoot = InfDuplicate(SourceRoot);
    }
    if (Error == ERROR_SUCCESS && (Entry == NULL || Entry->Section == NULL ||
                                   (SourceRoot != NULL && Entry->SourceRoot == NULL)))
        Error = ERROR_NOT_ENOUGH_MEMORY;
    if (Error == ERROR_SUCCESS) {
        Entry->Inf = Handle;
        Entry->CopyFlags = CopyFlags;
        KiLock(&QueueLock);
        Queue = Find(QueueHandle);
        if (Queue != NULL) {
            for (Link = &Queue->First; *Link != NULL;)
                Link = &(*Link)->Next;
            *Link = Entry;
        } else {
            Error = ERROR_INVALID_HANDLE;
        }
        KiUnlock(&QueueLock);
    }
    if (Error != ERROR_SUCCESS) {
        if (Inf != NULL)
            Win32pReleaseInf(Handle);
        if (Entry != NULL) {
            free(Entry->Section);
            free(Entry->SourceRoot);
        }
        free(Entry);
    }
    return Win32pSetup(Error);
}

BOOL WINAPI SetupInstallFilesFromInfSectionA(HINF Handle, HINF LayoutInf, HSPFILEQ Queue,
                                             PCSTR Section, PCSTR SourceRoot, UINT CopyFlags)
{
    WCHAR *Name, *Source = NULL;
    BOOL Result =
        Win32pWiden(Section, &Name) && Win32pWiden(SourceRoot, &Source) &&
        SetupInstallFilesFromInfSectionW(Handle, LayoutInf, Queue, Name, Source, CopyFlags);

    free(Name);
    free(Source);
    return Result;
}

BOOL WINAPI SetupCommitFileQueueW(HWND Owner, HSPFILEQ Handle, PSP_FILE_CALLBACK_W MsgHandler,
                                  PVOID Context)
{
    QUEUE_ENTRY *Entries = NULL;
    DWORD Error = ERROR_INVALID_HANDLE;
    FILE_QUEUE *Queue;

    (void)Owner;
    (void)MsgHandler;
    (void)Context;
    KiLock(&QueueLock);
    Queue = Find(Handle);
    if (Queue != NULL) {
        Entries = Queue->First;
        Queue->First = NULL; /* what was committed is not committed again */
        Error = ERROR_SUCCESS;
    }
    KiUnlock(&QueueLock);
    for (QUEUE_ENTRY *Entry = Entries; Entry != NULL && Error == ERROR_SUCCESS;
         Entry = Entry->Next) {
        SETUP_INF *Inf = Win32pInfHeld(Entry->Inf);

        Error = SetupRunSection(Inf, Entry->Section, SETUP_RUN_FILES, NULL, Entry->SourceRoot,
                                Entry->CopyFlags, NULL);
    }
    FreeEntries(Entries);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupCommitFileQueueA(HWND Owner, HSPFILEQ Handle, PSP_FILE_CALLBACK_A MsgHandler,
                                  PVOID Context)
{
    (void)MsgHandler;
    return SetupCommitFileQueueW(Owner, Handle, NULL, Context);
}
