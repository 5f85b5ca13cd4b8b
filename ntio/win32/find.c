/* SPDX-License-Identifier: MIT */
/*
 * find.c - searches: FindFirstFile, FindNextFile, FindClose.
 *
 * A search is no object: its handle is the address of a block on the host's heap, known by the list
 * of them. It is used by one thread at a time, or held here by Busy; what programs leave goes at
 * the shutdown.
 */
#include "ntio/win32/win32.h"
#include "ntio/win32/join.h"

#include <stdlib.h>

#define FIND_BUFFER 4096

typedef struct _FIND {
    LIST_ENTRY Entry; /* FindList, FindLock */
    HANDLE Directory;
    BOOLEAN Busy; /* FindLock */
    ULONG Next;   /* offset in Buffer; FIND_BUFFER: it is used up */
    __attribute__((aligned(8))) UCHAR Buffer[FIND_BUFFER];
} FIND, *PFIND;

static KI_LOCK FindLock;
static LIST_ENTRY FindList = {&FindList, &FindList};

VOID Win32FreeSearches(VOID)
{
    KiLock(&FindLock);
    while (!IsListEmpty(&FindList))
        free(CONTAINING_RECORD(RemoveHeadList(&FindList), FIND, Entry));
    KiUnlock(&FindLock);
}

/* The search of a handle, for this thread alone; NULL: it is none, or somebody uses it. */
static PFIND TakeFind(HANDLE Handle, BOOLEAN Remove)
{
    PFIND Found = NULL;

    KiLock(&FindLock);
    for (PLIST_ENTRY Entry = FindList.Flink; Entry != &FindList; Entry = Entry->Flink) {
        PFIND Find = CONTAINING_RECORD(Entry, FIND, Entry);
        if (Find == Handle && !Find->Busy) {
            Found = Find;
            Find->Busy = TRUE;
            if (Remove)
                RemoveEntryList(Entry);
            break;
        }
    }
    KiUnlock(&FindLock);
    return Found;
}

static VOID GiveFind(PFIND Find)
{
    KiLock(&FindLock);
    Find->Busy = FALSE;
    KiUnlock(&FindLock);
}

/*
 * A program's wildcards to the file system's: "*.*" is everything, '?' may stand for nothing before
 * a dot, a dot before a wildcard may be absent.
 */
static VOID TranslatePattern(WCHAR *Pattern, SIZE_T Count)
{
    if (Count == 3 && NtCrt_wcscmp(Pattern, L"*.*") == 0) {
        Pattern[1] = 0;
        return;
    }
    for (SIZE_T i = 0; i < Count; i++) {
        if (i != 0 && Pattern[i] == L'.' && Pattern[i - 1] == L'*')
            Pattern[i - 1] = L'<';
        if (Pattern[i] == L'?' || Pattern[i] == L'*') {
            if (Pattern[i] == L'?')
                Pattern[i] = L'>';
            if (i != 0 && Pattern[i - 1] == L'.')
                Pattern[i - 1] = L'"';
        }
    }
}

static NTSTATUS Query(PFIND Find, PUNICODE_STRING Pattern)
{
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status =
        NtQueryDirectoryFile(Find->Directory, NULL, NULL, NULL, &IoStatus, Find->Buffer,
                             FIND_BUFFER, FileBothDirectoryInformation, FALSE, Pattern, FALSE);

    Find->Next = NT_SUCCESS(Status) ? 0 : FIND_BUFFER;
    return Status;
}

static NTSTATUS NextEntry(PFIND Find, LPWIN32_FIND_DATAW To)
{
    const FILE_BOTH_DIR_INFORMATION *Entry;
    ULONG Length;

    if (Find->Next == FIND_BUFFER) {
        NTSTATUS Status = Query(Find, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Entry = (const FILE_BOTH_DIR_INFORMATION *)(Find->Buffer + Find->Next);
    RtlZeroMemory(To, sizeof(*To));
    To->dwFileAttributes = Entry->FileAttributes;
    To->ftCreationTime = Win32pFileTime(Entry->CreationTime);
    To->ftLastAccessTime = Win32pFileTime(Entry->LastAccessTime);
    To->ftLastWriteTime = Win32pFileTime(Entry->LastWriteTime);
    To->nFileSizeHigh = (DWORD)Entry->EndOfFile.HighPart;
    To->nFileSizeLow = Entry->EndOfFile.LowPart;
    Length = Entry->FileNameLength;
    if (Length > (MAX_PATH - 1) * sizeof(WCHAR))
        Length = (MAX_PATH - 1) * sizeof(WCHAR);
    RtlCopyMemory(To->cFileName, Entry->FileName, Length);
    Find->Next = Entry->NextEntryOffset != 0 ? Find->Next + Entry->NextEntryOffset : FIND_BUFFER;
    return STATUS_SUCCESS;
}

/* The directory of the search. Its absence is that of a path. */
static NTSTATUS OpenDirectory(PUNICODE_STRING Path, HANDLE *Directory)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = NtOpenFile(Directory, FILE_LIST_DIRECTORY | SYNCHRONIZE, &Attributes, &IoStatus,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT |
                            FILE_OPEN_FOR_BACKUP_INTENT);
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_OBJECT_PATH_NOT_FOUND : Status;
}

/* Path is a whole one, with the pattern at its end. */
static NTSTATUS Begin(PUNICODE_STRING Path, PFIND *Result)
{
    UNICODE_STRING Pattern;
    USHORT Split = Path->Length / sizeof(WCHAR);
    PFIND Find;
    NTSTATUS Status;

    while (Split != 0 && Path->Buffer[Split - 1] != L'\\')
        Split--;
    if (Split == Path->Length / sizeof(WCHAR)) /* nothing is looked for */
        return STATUS_OBJECT_NAME_NOT_FOUND;
    TranslatePattern(Path->Buffer + Split, Path->Length / sizeof(WCHAR) - Split);
    RtlInitUnicodeString(&Pattern, Path->Buffer + Split);
    Path->Length = Split * sizeof(WCHAR);
    Find = malloc(sizeof(*Find));
    if (Find == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Find->Busy = FALSE;
    Status = OpenDirectory(Path, &Find->Directory);
    if (NT_SUCCESS(Status)) {
        Status = Query(Find, &Pattern);
        if (!NT_SUCCESS(Status))
            NtClose(Find->Directory);
    }
    if (!NT_SUCCESS(Status)) {
        free(Find);
        return Status;
    }
    *Result = Find;
    return Status;
}

HANDLE WINAPI FindFirstFileW(LPCWSTR FileName, LPWIN32_FIND_DATAW FindFileData)
{
    WIN32_ENTER();
    UNICODE_STRING Path;
    PFIND Find;
    NTSTATUS Status = Win32pNtPath(FileName, &Path);

    if (!NT_SUCCESS(Status)) {
        SetLastError(Status == STATUS_OBJECT_NAME_INVALID ? ERROR_PATH_NOT_FOUND
                                                          : RtlNtStatusToDosErrorNoTeb(Status));
        return INVALID_HANDLE_VALUE;
    }
    /* The path has lost the dot of "*.", which asks for names without one. */
    if (NtCrt_wcslen(FileName) >= 2 && Path.Buffer[Path.Length / sizeof(WCHAR) - 1] == L'*' &&
        FileName[NtCrt_wcslen(FileName) - 1] == L'.')
        Path.Buffer[Path.Length / sizeof(WCHAR) - 1] = L'<';
    Status = Begin(&Path, &Find);
    Win32pFreeName(&Path);
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return INVALID_HANDLE_VALUE;
    }
    NextEntry(Find, FindFileData); /* there is one in the buffer */
    KiLock(&FindLock);
    InsertTailList(&FindList, &Find->Entry);
    KiUnlock(&FindLock);
    return Find;
}

BOOL WINAPI FindNextFileW(HANDLE FindFile, LPWIN32_FIND_DATAW FindFileData)
{
    WIN32_ENTER();
    PFIND Find = TakeFind(FindFile, FALSE);
    NTSTATUS Status;

    if (Find == NULL)
        return Win32pFail(STATUS_INVALID_HANDLE);
    Status = NextEntry(Find, FindFileData);
    GiveFind(Find);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI FindClose(HANDLE FindFile)
{
    WIN32_ENTER();
    PFIND Find = TakeFind(FindFile, TRUE);

    if (Find == NULL)
        return Win32pFail(STATUS_INVALID_HANDLE);
    NtClose(Find->Directory);
    free(Find);
    return TRUE;
}

/* ---- A ---- */

/* A name that does not fit into MAX_PATH bytes of UTF-8 is cut at a whole character. */
static VOID Narrow(const WIN32_FIND_DATAW *From, LPWIN32_FIND_DATAA To)
{
    ULONG Length = 0;

    RtlZeroMemory(To, sizeof(*To));
    To->dwFileAttributes = From->dwFileAttributes;
    To->ftCreationTime = From->ftCreationTime;
    To->ftLastAccessTime = From->ftLastAccessTime;
    To->ftLastWriteTime = From->ftLastWriteTime;
    To->nFileSizeHigh = From->nFileSizeHigh;
    To->nFileSizeLow = From->nFileSizeLow;
    Win32pNarrow(From->cFileName, (ULONG)NtCrt_wcslen(From->cFileName), To->cFileName, MAX_PATH - 1,
                 &Length);
    To->cFileName[Length] = 0;
}

HANDLE WINAPI FindFirstFileA(LPCSTR FileName, LPWIN32_FIND_DATAA FindFileData)
{
    WIN32_FIND_DATAW Data;
    UNICODE_STRING Wide = {0};
    HANDLE Handle;
    NTSTATUS Status = FileName == NULL ? STATUS_SUCCESS : Win32pWide(FileName, &Wide);

    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return INVALID_HANDLE_VALUE;
    }
    Handle = FindFirstFileW(Wide.Buffer, &Data);
    Win32pFreeName(&Wide);
    if (Handle != INVALID_HANDLE_VALUE)
        Narrow(&Data, FindFileData);
    return Handle;
}

BOOL WINAPI FindNextFileA(HANDLE FindFile, LPWIN32_FIND_DATAA FindFileData)
{
    WIN32_FIND_DATAW Data;

    if (!FindNextFileW(FindFile, &Data))
        return FALSE;
    Narrow(&Data, FindFileData);
    return TRUE;
}
