/* SPDX-License-Identifier: MIT */
/*
 * directory.c - IRP_MJ_DIRECTORY_CONTROL: what a directory holds.
 *
 * A search takes the names once, at its beginning, and gives them in the order that NTFS keeps them
 * in (upper case). What is told of each is as it is when it is told; what has gone meanwhile is
 * left out, and so is what can't be opened here: names that no NT file has, links that lead out of
 * the drive or nowhere, the host's devices and pipes.
 */
#include "ntio/fs/fsp.h"

#include <dirent.h>
#include <stdlib.h>

NTSTATUS FspScan(int Descriptor, FSP_SCAN_ROUTINE *Each, PVOID Context)
{
    int Own = openat(Descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    NTSTATUS Status = STATUS_SUCCESS;
    struct dirent *Entry;
    DIR *Directory;

    if (Own < 0)
        return FspStatus(errno);
    Directory = fdopendir(Own);
    if (Directory == NULL) {
        Status = FspStatus(errno);
        close(Own);
        return Status;
    }
    for (;;) {
        errno = 0;
        Entry = readdir(Directory);
        if (Entry == NULL) {
            if (errno != 0)
                Status = FspStatus(errno);
            break;
        }
        if (strcmp(Entry->d_name, ".") != 0 && strcmp(Entry->d_name, "..") != 0 &&
            !Each(Entry->d_name, Context))
            break;
    }
    closedir(Directory);
    return Status;
}

static BOOLEAN FspFoundOne(const char *Host, PVOID Context)
{
    UNREFERENCED_PARAMETER(Host);
    *(BOOLEAN *)Context = TRUE;
    return FALSE;
}

NTSTATUS FspIsEmpty(PFSP_VOLUME Volume, const char *Path)
{
    int Descriptor = FspOpenBelow(Volume, Path, O_RDONLY | O_DIRECTORY);
    BOOLEAN Any = FALSE;
    NTSTATUS Status;

    if (Descriptor < 0)
        return FspStatus(errno);
    Status = FspScan(Descriptor, FspFoundOne, &Any);
    close(Descriptor);
    return NT_SUCCESS(Status) && Any ? STATUS_DIRECTORY_NOT_EMPTY : Status;
}

VOID FspForgetSearch(PFSP_OPEN Open)
{
    for (ULONG i = 0; i < Open->Count; i++)
        free(Open->Entries[i]);
    free(Open->Entries);
    Open->Entries = NULL;
    Open->Count = Open->Next = 0;
    if (Open->Pattern.Buffer != NULL)
        ExFreePoolWithTag(Open->Pattern.Buffer, FSP_TAG);
    Open->Pattern.Buffer = NULL;
}

/* ---- the names ---- */

typedef struct _FSP_GATHER {
    PFSP_OPEN Open;
    ULONG Room;
    BOOLEAN Failed;
} FSP_GATHER;

static BOOLEAN FspAddEntry(FSP_GATHER *Gather, const char *Host, const WCHAR *Name, USHORT Length)
{
    PFSP_OPEN Open = Gather->Open;
    SIZE_T HostSize = strlen(Host) + 1;
    PFSP_ENTRY Entry;

    if (Open->Count == Gather->Room) {
        ULONG Room = Gather->Room * 2 + 16;
        PVOID Larger = realloc(Open->Entries, Room * sizeof(*Open->Entries));
        if (Larger == NULL) {
            Gather->Failed = TRUE;
            return FALSE;
        }
        Open->Entries = Larger;
        Gather->Room = Room;
    }
    Entry = malloc(sizeof(*Entry) + Length + HostSize);
    if (Entry == NULL) {
        Gather->Failed = TRUE;
        return FALSE;
    }
    Entry->Length = Length;
    memcpy(Entry->Name, Name, Length);
    Entry->Host = (char *)Entry->Name + Length;
    memcpy(Entry->Host, Host, HostSize);
    Open->Entries[Open->Count++] = Entry;
    return TRUE;
}

static BOOLEAN FspMatches(PFSP_OPEN Open, const WCHAR *Text, USHORT Length)
{
    UNICODE_STRING Name = {Length, Length, (WCHAR *)(ULONG_PTR)Text};

    return Open->Pattern.Buffer == NULL ||
           FsRtlIsNameInExpression(&Open->Pattern, &Name, TRUE, NULL);
}

static BOOLEAN FspGatherName(const char *Host, PVOID Context)
{
    FSP_GATHER *Gather = Context;
    WCHAR Name[FSP_COMPONENT];
    USHORT Length;

    if (!FspNtName(Host, Name, &Length) || !FspMatches(Gather->Open, Name, Length))
        return TRUE;
    return FspAddEntry(Gather, Host, Name, Length);
}

static int FspCompareEntries(const void *One, const void *Other)
{
    const FSP_ENTRY *a = *(const PFSP_ENTRY *)One, *b = *(const PFSP_ENTRY *)Other;
    UNICODE_STRING First = {a->Length, a->Length, (WCHAR *)(ULONG_PTR)a->Name};
    UNICODE_STRING Second = {b->Length, b->Length, (WCHAR *)(ULONG_PTR)b->Name};
    LONG Order = RtlCompareUnicodeString(&First, &Second, TRUE);

    return Order != 0 ? Order : strcmp(a->Host, b->Host);
}

static NTSTATUS FspGather(PFSP_OPEN Open, BOOLEAN Root)
{
    FSP_GATHER Gather = {.Open = Open};
    NTSTATUS Status;
    ULONG Dots = 0;

    for (ULONG i = 0; i < Open->Count; i++)
        free(Open->Entries[i]);
    free(Open->Entries);
    Open->Entries = NULL;
    Open->Count = Open->Next = 0;
    if (!Root) { /* they come first */
        if (FspMatches(Open, L".", sizeof(WCHAR)) && FspAddEntry(&Gather, ".", L".", sizeof(WCHAR)))
            Dots++;
        if (FspMatches(Open, L"..", 2 * sizeof(WCHAR)) &&
            FspAddEntry(&Gather, "..", L"..", 2 * sizeof(WCHAR)))
            Dots++;
    }
    Status = FspScan(Open->Descriptor, FspGatherName, &Gather);
    if (Gather.Failed)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Open->Count - Dots > 1)
        qsort(Open->Entries + Dots, Open->Count - Dots, sizeof(*Open->Entries), FspCompareEntries);
    return Status;
}

/* ---- what is told of each ---- */

typedef struct _FSP_LAYOUT {
    FILE_INFORMATION_CLASS Class;
    ULONG Name;   /* offset of FileName */
    ULONG FileId; /* offset, or 0 */
} FSP_LAYOUT;

static const FSP_LAYOUT FspLayouts[] = {
    {FileDirectoryInformation, FIELD_OFFSET(FILE_DIRECTORY_INFORMATION, FileName), 0},
    {FileFullDirectoryInformation, FIELD_OFFSET(FILE_FULL_DIR_INFORMATION, FileName), 0},
    {FileBothDirectoryInformation, FIELD_OFFSET(FILE_BOTH_DIR_INFORMATION, FileName), 0},
    {FileNamesInformation, FIELD_OFFSET(FILE_NAMES_INFORMATION, FileName), 0},
    {FileIdBothDirectoryInformation, FIELD_OFFSET(FILE_ID_BOTH_DIR_INFORMATION, FileName),
     FIELD_OFFSET(FILE_ID_BOTH_DIR_INFORMATION, FileId)},
    {FileIdFullDirectoryInformation, FIELD_OFFSET(FILE_ID_FULL_DIR_INFORMATION, FileName),
     FIELD_OFFSET(FILE_ID_FULL_DIR_INFORMATION, FileId)},
};

static const FSP_LAYOUT *FspLayoutOf(FILE_INFORMATION_CLASS Class)
{
    for (SIZE_T i = 0; i < RTL_NUMBER_OF(FspLayouts); i++)
        if (FspLayouts[i].Class == Class)
            return &FspLayouts[i];
    return NULL;
}

/* Path is the directory's. FALSE: nothing to be told of. */
static BOOLEAN FspFactsOf(PFSP_OPEN Open, const char *Path, const FSP_ENTRY *Entry,
                          PFSP_FACTS Facts)
{
    char Text[PATH_MAX];
    const char *Name;
    struct stat Stat;
    int Descriptor;
    BOOLEAN Told;

    if (strcmp(Entry->Host, ".") == 0) {
        Descriptor = FspOpenBelow(Open->Volume, Path, O_PATH);
    } else if (strcmp(Entry->Host, "..") == 0) {
        Descriptor = FspOpenParent(Open->Volume, Path, &Name);
    } else {
        if (snprintf(Text, sizeof(Text), "%s%s%s", Path, *Path != '\0' ? "/" : "", Entry->Host) >=
            (int)sizeof(Text))
            return FALSE;
        Descriptor = FspOpenBelow(Open->Volume, Text, O_PATH);
    }
    if (Descriptor < 0)
        return FALSE;
    Told = fstat(Descriptor, &Stat) == 0 && (S_ISREG(Stat.st_mode) || S_ISDIR(Stat.st_mode)) &&
           NT_SUCCESS(FspQueryFacts(Descriptor, Facts));
    close(Descriptor);
    return Told;
}

/* To has room for the fixed part and Copy bytes of the name. */
static VOID FspFillEntry(const FSP_LAYOUT *Layout, PUCHAR To, ULONG Index, const FSP_ENTRY *Entry,
                         const FSP_FACTS *Facts, ULONG Copy)
{
    FILE_DIRECTORY_INFORMATION *Common = (FILE_DIRECTORY_INFORMATION *)To;

    memset(To, 0, Layout->Name);
    Common->FileIndex = Index;
    if (Layout->Class == FileNamesInformation) {
        ((FILE_NAMES_INFORMATION *)To)->FileNameLength = Entry->Length;
    } else {
        Common->CreationTime = Facts->Info.CreationTime;
        Common->LastAccessTime = Facts->Info.LastAccessTime;
        Common->LastWriteTime = Facts->Info.LastWriteTime;
        Common->ChangeTime = Facts->Info.ChangeTime;
        Common->EndOfFile = Facts->Info.EndOfFile;
        Common->AllocationSize = Facts->Info.AllocationSize;
        Common->FileAttributes = Facts->Info.FileAttributes;
        Common->FileNameLength = Entry->Length;
    }
    if (Layout->FileId != 0)
        *(LONGLONG *)(To + Layout->FileId) = Facts->FileId;
    memcpy(To + Layout->Name, Entry->Name, Copy);
}

/* Fills Buffer with as many entries as fit. */
static NTSTATUS FspTell(PFSP_OPEN Open, const char *Path, const FSP_LAYOUT *Layout, PUCHAR Buffer,
                        ULONG Room, BOOLEAN Single, ULONG_PTR *Used)
{
    ULONG At = 0, Last = 0;
    BOOLEAN Any = FALSE;
    FSP_FACTS Facts;

    while (Open->Next < Open->Count && !(Any && Single)) {
        const FSP_ENTRY *Entry = Open->Entries[Open->Next];
        ULONG Start = Any ? (At + 7) & ~7u : 0;

        if (Start > Room || Room - Start < Layout->Name ||
            Room - Start - Layout->Name < Entry->Length) {
            if (Any)
                break; /* the next call's */
            if (Room < Layout->Name)
                return STATUS_BUFFER_TOO_SMALL;
        }
        Open->Next++;
        if (!FspFactsOf(Open, Path, Entry, &Facts))
            continue;
        ULONG Copy = Entry->Length;
        if (Copy > Room - Start - Layout->Name)
            Copy = (Room - Start - Layout->Name) & ~1u;
        FspFillEntry(Layout, Buffer + Start, Open->Next, Entry, &Facts, Copy);
        if (Any)
            *(PULONG)(Buffer + Last) = Start - Last;
        Any = TRUE;
        Last = Start;
        At = Start + Layout->Name + Copy;
        *Used = At;
        if (Copy < Entry->Length)
            return STATUS_BUFFER_OVERFLOW;
    }
    return Any ? STATUS_SUCCESS : STATUS_NO_MORE_FILES;
}

/* ---- the request ---- */

static NTSTATUS FspTakePattern(PFSP_OPEN Open, PUNICODE_STRING Name)
{
    UNICODE_STRING All = RTL_CONSTANT_STRING(L"*");

    if (Name == NULL || Name->Length == 0 || RtlEqualUnicodeString(Name, &All, FALSE))
        return STATUS_SUCCESS;
    if (Name->Length > 2 * FSP_COMPONENT * sizeof(WCHAR) || Name->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    for (USHORT i = 0; i < Name->Length / sizeof(WCHAR); i++) {
        WCHAR c = Name->Buffer[i];
        if (!FspIsNameCharacter(c) && c != L'*' && c != L'?' && c != L'<' && c != L'>' && c != L'"')
            return STATUS_OBJECT_NAME_INVALID;
    }
    Open->Pattern.Buffer = ExAllocatePoolWithTag(PagedPool, Name->Length, FSP_TAG);
    if (Open->Pattern.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Open->Pattern.Length = Open->Pattern.MaximumLength = Name->Length;
    memcpy(Open->Pattern.Buffer, Name->Buffer, Name->Length);
    return STATUS_SUCCESS;
}

static NTSTATUS FspSearch(PFSP_OPEN Open, PIO_STACK_LOCATION Stack, const FSP_LAYOUT *Layout,
                          PUCHAR Buffer, ULONG_PTR *Used)
{
    BOOLEAN First = !Open->Searched;
    NTSTATUS Status = STATUS_SUCCESS;
    char Path[PATH_MAX];

    KiLock(&FspLock);
    strcpy(Path, Open->Link->Path);
    KiUnlock(&FspLock);
    if (First)
        Status = FspTakePattern(Open, Stack->Parameters.QueryDirectory.FileName);
    if (NT_SUCCESS(Status) && (First || (Stack->Flags & SL_RESTART_SCAN) != 0))
        Status = FspGather(Open, Path[0] == '\0');
    if (!NT_SUCCESS(Status)) {
        if (First)
            FspForgetSearch(Open);
        return Status;
    }
    Open->Searched = TRUE;
    Status = FspTell(Open, Path, Layout, Buffer, Stack->Parameters.QueryDirectory.Length,
                     (Stack->Flags & SL_RETURN_SINGLE_ENTRY) != 0, Used);
    /* A search that never found anything is another matter than one that is over. */
    return Status == STATUS_NO_MORE_FILES && First ? STATUS_NO_SUCH_FILE : Status;
}

NTSTATUS FspQueryDirectory(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFSP_OPEN Open = FspOpenOf(Stack->FileObject);
    ULONG Length = Stack->Parameters.QueryDirectory.Length;
    PVOID To = FspBuffer(Irp);
    const FSP_LAYOUT *Layout = FspLayoutOf(Stack->Parameters.QueryDirectory.FileInformationClass);
    PUCHAR Buffer;
    NTSTATUS Status;

    if (Stack->MinorFunction != IRP_MN_QUERY_DIRECTORY)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (Open->Link == NULL || !Open->Link->Node->Directory)
        return STATUS_INVALID_PARAMETER;
    if (Layout == NULL)
        return STATUS_INVALID_INFO_CLASS;
    if ((Open->Access & FILE_LIST_DIRECTORY) == 0)
        return STATUS_ACCESS_DENIED;
    if ((Stack->Flags & SL_INDEX_SPECIFIED) != 0)
        return STATUS_NOT_IMPLEMENTED;
    if (Length < Layout->Name || To == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    /* A program's buffer can go at any time, so it is written in one guarded step. */
    Buffer = ExAllocatePoolWithTag(PagedPool, Length, FSP_TAG);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Buffer, 0, Length);
    KiLock(&Open->SearchLock);
    Status = FspSearch(Open, Stack, Layout, Buffer, &Irp->IoStatus.Information);
    KiUnlock(&Open->SearchLock);
    if (!NT_ERROR(Status) && Irp->IoStatus.Information != 0) {
        NTSTATUS Copied = MmpCopyUser(To, Buffer, Irp->IoStatus.Information);
        if (!NT_SUCCESS(Copied))
            Status = Copied;
    }
    ExFreePoolWithTag(Buffer, FSP_TAG);
    return Status;
}
