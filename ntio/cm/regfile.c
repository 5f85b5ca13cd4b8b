/* SPDX-License-Identifier: MIT */
/* regfile.c - between the tree of keys and registry text. */
#include "ntio/cm/cmp.h"
#include "ntio/cm/regfile.h"

#include <stdio.h>

static const struct {
    const WCHAR *Name, *Path;
} CmpRoots[] = {
    {L"HKEY_LOCAL_MACHINE", L"\\REGISTRY\\MACHINE"},
    {L"HKEY_USERS", L"\\REGISTRY\\USER"},
    /* The rest is below the two; it is read, and never written. */
    {L"HKEY_CLASSES_ROOT", L"\\REGISTRY\\MACHINE\\SOFTWARE\\Classes"},
    {L"HKEY_CURRENT_USER", L"\\REGISTRY\\USER\\.DEFAULT"},
    {L"HKEY_CURRENT_CONFIG",
     L"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current"},
};
#define CMP_WRITTEN_ROOTS 2

static NTSTATUS CmpSay(char *Reason, size_t Size, NTSTATUS Status, const char *Text)
{
    if (Reason != NULL && Size != 0)
        snprintf(Reason, Size, "%s", Text);
    return Status;
}

/* ---- loading ---- */

typedef struct _CMP_LOAD {
    BOOLEAN Check; /* the first time: nothing is done */
    WCHAR Path[UNICODE_STRING_MAX_CHARS];
    WCHAR Name[CMP_MAXIMUM_VALUE_NAME / sizeof(WCHAR) + 1];
} CMP_LOAD;

/* Path becomes the NT path of a text's key. */
static BOOLEAN CmpTranslate(CMP_LOAD *Load, const WCHAR *Text, SIZE_T Characters,
                            const char **Problem)
{
    SIZE_T First = 0, Front, Part = 0;
    ULONG i;

    while (First < Characters && Text[First] != L'\\')
        First++;
    for (i = 0; i < RTL_NUMBER_OF(CmpRoots); i++)
        if (NtCrt_wcslen(CmpRoots[i].Name) == First &&
            NtCrt__wcsnicmp(CmpRoots[i].Name, Text, First) == 0)
            break;
    if (i == RTL_NUMBER_OF(CmpRoots)) {
        *Problem = "the key begins with no root such as HKEY_LOCAL_MACHINE";
        return FALSE;
    }
    Front = NtCrt_wcslen(CmpRoots[i].Path);
    if (Front + (Characters - First) >= UNICODE_STRING_MAX_CHARS) {
        *Problem = "the key's path is too long";
        return FALSE;
    }
    for (SIZE_T At = First; At < Characters; At++) {
        Part = Text[At] == L'\\' ? 0 : Part + 1;
        if (Part * sizeof(WCHAR) > CMP_MAXIMUM_KEY_NAME) {
            *Problem = "a key's name has more than 256 characters";
            return FALSE;
        }
    }
    memcpy(Load->Path, CmpRoots[i].Path, Front * sizeof(WCHAR));
    memcpy(Load->Path + Front, Text + First, (Characters - First) * sizeof(WCHAR));
    Load->Path[Front + Characters - First] = 0;
    return TRUE;
}

static NTSTATUS CmpLoadKey(PVOID Context, const WCHAR *Path, SIZE_T Characters, BOOLEAN Delete,
                           const char **Problem)
{
    CMP_LOAD *Load = Context;
    NTSTATUS Status = STATUS_SUCCESS;

    if (!CmpTranslate(Load, Path, Characters, Problem))
        return STATUS_INVALID_PARAMETER;
    if (Load->Check)
        return STATUS_SUCCESS;
    if (!Delete) {
        *Problem = "the key can't be made";
        return CmpCreateKey(Load->Path);
    }
    Status = CmpDeleteTree(Load->Path);
    *Problem = "the key can't be deleted";
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

static NTSTATUS CmpLoadValue(PVOID Context, const WCHAR *Name, SIZE_T Characters, ULONG Type,
                             const VOID *Data, ULONG Bytes, BOOLEAN Delete, const char **Problem)
{
    CMP_LOAD *Load = Context;
    NTSTATUS Status;

    if (Characters * sizeof(WCHAR) > CMP_MAXIMUM_VALUE_NAME) {
        *Problem = "the value's name has more than 16,383 characters";
        return STATUS_INVALID_PARAMETER;
    }
    if (Load->Check)
        return STATUS_SUCCESS;
    if (Characters != 0)
        memcpy(Load->Name, Name, Characters * sizeof(WCHAR));
    Load->Name[Characters] = 0;
    *Problem = "the value can't be set";
    if (!Delete)
        return CmpSetValue(Load->Path, Load->Name, Type, Data, Bytes);
    *Problem = "the value can't be deleted";
    Status = CmpDeleteValue(Load->Path, Load->Name);
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

NTSTATUS CmpLoadText(const VOID *Text, SIZE_T Bytes, char *Reason, size_t Size)
{
    CMP_LOAD *Load = CmpAllocate(sizeof(*Load));
    REGTEXT_SINK Sink = {Load, CmpLoadKey, CmpLoadValue};
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Load == NULL)
        return CmpSay(Reason, Size, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
    Load->Check = TRUE;
    Status = RegTextRead(Text, Bytes, &Sink, Reason, Size);
    Load->Check = FALSE;
    if (NT_SUCCESS(Status))
        Status = RegTextRead(Text, Bytes, &Sink, Reason, Size);
    free(Load);
    return Status;
}

/* ---- saving ---- */

static BOOLEAN CmpIsWritable(PCUNICODE_STRING Name)
{
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++)
        if (Name->Buffer[i] == 0 || Name->Buffer[i] == L'\r' || Name->Buffer[i] == L'\n')
            return FALSE;
    return TRUE;
}

/* The text's name of a node, malloc'ed: its NT path with the root in front exchanged. */
static NTSTATUS CmpNameForText(PCM_NODE Node, PUNICODE_STRING Name)
{
    UNICODE_STRING Path, Root;
    NTSTATUS Status = CmpPathOfNode(Node, &Path);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = STATUS_OBJECT_NAME_NOT_FOUND;
    for (ULONG i = 0; i < CMP_WRITTEN_ROOTS && Status == STATUS_OBJECT_NAME_NOT_FOUND; i++) {
        RtlInitUnicodeString(&Root, CmpRoots[i].Path);
        if (!RtlPrefixUnicodeString(&Root, &Path, TRUE) ||
            (Path.Length != Root.Length && Path.Buffer[Root.Length / sizeof(WCHAR)] != L'\\'))
            continue;
        SIZE_T Front = NtCrt_wcslen(CmpRoots[i].Name) * sizeof(WCHAR);
        SIZE_T Rest = Path.Length - Root.Length;
        Status = STATUS_NAME_TOO_LONG;
        if (Front + Rest > UNICODE_STRING_MAX_BYTES)
            break;
        Status = STATUS_INSUFFICIENT_RESOURCES;
        Name->Buffer = CmpAllocate(Front + Rest);
        if (Name->Buffer == NULL)
            break;
        memcpy(Name->Buffer, CmpRoots[i].Name, Front);
        memcpy((PUCHAR)Name->Buffer + Front, (PUCHAR)Path.Buffer + Root.Length, Rest);
        Name->Length = Name->MaximumLength = (USHORT)(Front + Rest);
        Status = STATUS_SUCCESS;
    }
    free(Path.Buffer);
    return Status;
}

static NTSTATUS CmpSaveNode(PCM_NODE Node, REGTEXT_OUT *Out)
{
    UNICODE_STRING Name;
    NTSTATUS Status = CmpNameForText(Node, &Name);

    if (!NT_SUCCESS(Status))
        return Status;
    if (CmpIsWritable(&Name))
        RegTextKey(Out, Name.Buffer, Name.Length / sizeof(WCHAR));
    else
        Status = STATUS_OBJECT_NAME_INVALID;
    free(Name.Buffer);
    for (ULONG i = 0; i < Node->ValueCount && NT_SUCCESS(Status); i++) {
        PCM_VALUE Value = Node->Values[i];
        if (CmpIsWritable(&Value->Name))
            RegTextValue(Out, Value->Name.Buffer, Value->Name.Length / sizeof(WCHAR), Value->Type,
                         Value->Data, Value->Bytes);
        else
            Status = STATUS_OBJECT_NAME_INVALID;
    }
    return Status;
}

/* The node behind Node in the order of a text, within Top; Below FALSE: not one below it. Its place
 * among its parent's children is looked for by name, so that nothing grows with the depth. */
static PCM_NODE CmpNextNode(PCM_NODE Node, PCM_NODE Top, BOOLEAN Below)
{
    if (Below && Node->ChildCount != 0)
        return Node->Children[0];
    while (Node != Top) {
        PCM_NODE Parent = Node->Parent;
        ULONG Low = 0, High = Parent->ChildCount;
        while (Low < High) {
            ULONG Middle = Low + (High - Low) / 2;
            if (RtlCompareUnicodeString(&Parent->Children[Middle]->Name, &Node->Name, TRUE) <= 0)
                Low = Middle + 1;
            else
                High = Middle;
        }
        if (Low < Parent->ChildCount)
            return Parent->Children[Low];
        Node = Parent;
    }
    return NULL;
}

static BOOLEAN CmpIsSaved(PCM_NODE Node)
{
    return !Node->Volatile && !Node->Link;
}

NTSTATUS CmpSaveText(const WCHAR *Path, REGTEXT_OUT *Out, char *Reason, size_t Size)
{
    UNICODE_STRING Name;
    CMP_WALK Walk = {.Path = &Name, .Trusted = TRUE};
    PCM_NODE Top = NULL;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    RegTextBegin(Out);
    Status = RtlInitUnicodeStringEx(&Name, Path);
    KiLock(&CmpLock);
    if (NT_SUCCESS(Status))
        Status = CmpWalk(&Walk, &Top);
    for (PCM_NODE Node = Top; Node != NULL && NT_SUCCESS(Status);) {
        BOOLEAN Saved = Node == Top || CmpIsSaved(Node);
        if (Saved && Node != CmpRoot)
            Status = CmpSaveNode(Node, Out);
        Node = CmpNextNode(Node, Top, Saved);
    }
    KiUnlock(&CmpLock);
    RegTextEnd(Out);
    if (NT_SUCCESS(Status) && Out->Failed)
        Status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(Status))
        return Status;
    RegTextFree(Out);
    return CmpSay(Reason, Size, Status,
                  Status == STATUS_OBJECT_NAME_INVALID
                      ? "a name in the registry has an end of line or a zero in it"
                  : Status == STATUS_INSUFFICIENT_RESOURCES ? "out of memory"
                                                            : "there is no such key");
}
