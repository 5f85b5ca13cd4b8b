/* SPDX-License-Identifier: MIT */
/*
 * walk.c - from a path to a node, through registry links, making what is missing where asked. Under
 * CmpLock.
 */
#include "ntio/cm/cmp.h"

/* Cuts the first component off *Path. Empty: there is none left. */
static UNICODE_STRING CmpNextName(PUNICODE_STRING Path)
{
    PWCH At = Path->Buffer, End = Path->Buffer + Path->Length / sizeof(WCHAR), Begin;
    UNICODE_STRING Name;

    while (At < End && *At == L'\\')
        At++;
    Begin = At;
    while (At < End && *At != L'\\')
        At++;
    Name.Buffer = Begin;
    Name.Length = Name.MaximumLength = (USHORT)((At - Begin) * sizeof(WCHAR));
    while (At < End && *At == L'\\')
        At++;
    Path->Buffer = At;
    Path->Length = Path->MaximumLength = (USHORT)((End - At) * sizeof(WCHAR));
    return Name;
}

/* Target of a link followed by the rest of the path. *Joined is malloc'ed. */
static NTSTATUS CmpFollowLink(PCM_NODE Node, PCUNICODE_STRING Rest, PUNICODE_STRING Joined)
{
    static const UNICODE_STRING Name = RTL_CONSTANT_STRING(L"SymbolicLinkValue");
    PCM_VALUE Value = CmpFindValue(Node, &Name);
    WCHAR Backslash = L'\\';
    ULONG Bytes, Length;
    PUCHAR Buffer;

    if (Value == NULL || Value->Type != REG_LINK)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    Bytes = Value->Bytes & ~1u;
    Length = Bytes + (ULONG)sizeof(Backslash) + Rest->Length;
    if (Length > UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    Buffer = CmpAllocate(Length);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Bytes != 0)
        memcpy(Buffer, Value->Data, Bytes);
    memcpy(Buffer + Bytes, &Backslash, sizeof(Backslash));
    if (Rest->Length != 0)
        memcpy(Buffer + Bytes + sizeof(Backslash), Rest->Buffer, Rest->Length);
    Joined->Buffer = (PWCH)Buffer;
    Joined->Length = Joined->MaximumLength = (USHORT)Length;
    return STATUS_SUCCESS;
}

/* Takes \Registry off the front. */
static NTSTATUS CmpBeginAbsolute(PUNICODE_STRING Rest)
{
    UNICODE_STRING Name;

    if (Rest->Length == 0 || Rest->Buffer[0] != L'\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    Name = CmpNextName(Rest);
    return RtlEqualUnicodeString(&Name, &CmpRoot->Name, TRUE) ? STATUS_SUCCESS
                                                              : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The missing child of Node: made, where the walk may. */
static NTSTATUS CmpMakeMissing(CMP_WALK *Walk, PCM_NODE Node, PCUNICODE_STRING Name, BOOLEAN Last,
                               PCM_NODE *Child)
{
    NTSTATUS Status;

    if (!Walk->CreateAll && !(Walk->CreateLast && Last))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (Node == CmpRoot && !Walk->Trusted)
        return STATUS_ACCESS_DENIED;
    Status = CmpAddChild(Node, Name, Last ? Walk->Class : NULL,
                         (BOOLEAN)(Walk->Volatile || (Walk->CreateAll && Node->Volatile)), Child);
    if (NT_SUCCESS(Status) && Last)
        Walk->Created = TRUE;
    return Status;
}

NTSTATUS CmpWalk(CMP_WALK *Walk, PCM_NODE *Result)
{
    UNICODE_STRING Rest = *Walk->Path, Joined = {0};
    PCM_NODE Node = Walk->Start;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Links = 0;

    Walk->Created = FALSE;
    *Result = NULL;
    if (Rest.Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    if (Node == NULL) {
        Node = CmpRoot;
        Status = CmpBeginAbsolute(&Rest);
    } else if (Node->Deleted) {
        Status = STATUS_KEY_DELETED;
    }
    while (NT_SUCCESS(Status)) {
        UNICODE_STRING Name = CmpNextName(&Rest);
        BOOLEAN Last = Rest.Length == 0;
        PCM_NODE Child;

        if (Name.Length == 0) {
            *Result = Node;
            break;
        }
        if (Name.Length > CMP_MAXIMUM_KEY_NAME) {
            Status = STATUS_INVALID_PARAMETER;
            break;
        }
        Child = CmpFindChild(Node, &Name);
        if (Child == NULL) {
            Status = CmpMakeMissing(Walk, Node, &Name, Last, &Child);
        } else if (Child->Link && !(Last && Walk->OpenLink)) {
            UNICODE_STRING Next;

            if (++Links > CMP_MAXIMUM_LINKS) {
                Status = STATUS_OBJECT_NAME_NOT_FOUND;
                break;
            }
            Status = CmpFollowLink(Child, &Rest, &Next);
            if (!NT_SUCCESS(Status))
                break;
            free(Joined.Buffer);
            Rest = Joined = Next;
            Child = CmpRoot;
            Status = CmpBeginAbsolute(&Rest);
        }
        Node = Child;
    }
    free(Joined.Buffer);
    return Status;
}

NTSTATUS CmpPathOfNode(PCM_NODE Node, PUNICODE_STRING Path)
{
    ULONG Length = 0, At;
    PUCHAR Buffer;

    if (Node->Deleted)
        return STATUS_KEY_DELETED;
    for (PCM_NODE Each = Node; Each != NULL; Each = Each->Parent)
        Length += Each->Name.Length + (ULONG)sizeof(WCHAR);
    if (Length > UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    Buffer = CmpAllocate(Length);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    At = Length;
    for (PCM_NODE Each = Node; Each != NULL; Each = Each->Parent) {
        WCHAR Backslash = L'\\';

        At -= Each->Name.Length;
        memcpy(Buffer + At, Each->Name.Buffer, Each->Name.Length);
        At -= (ULONG)sizeof(Backslash);
        memcpy(Buffer + At, &Backslash, sizeof(Backslash));
    }
    Path->Buffer = (PWCH)Buffer;
    Path->Length = Path->MaximumLength = (USHORT)Length;
    return STATUS_SUCCESS;
}
