/* SPDX-License-Identifier: MIT */
/*
 * account.c - what is left behind of objects, handles and symbolic links.
 *
 * ntio's own objects (types, the directories of the boot, what ObpMarkSystemObjects found at its
 * end) are no subject. Nor are processes and threads that still run: ps tells about those; one that
 * has ended and is still referenced is told here.
 */
#include "ntio/ob/obp.h"

typedef struct _OBP_ACCOUNT {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
} OBP_ACCOUNT;

/* UTF-16 to printable text, for a sentence. */
static VOID ObpNarrow(PCUNICODE_STRING Wide, char *Text, size_t Size)
{
    size_t Used = 0;

    for (USHORT i = 0; i < Wide->Length / sizeof(WCHAR) && Used + 1 < Size; i++)
        Text[Used++] =
            Wide->Buffer[i] >= 0x20 && Wide->Buffer[i] < 0x7f ? (char)Wide->Buffer[i] : '?';
    Text[Used] = 0;
}

static VOID ObpNarrowName(PVOID Object, char *Text, size_t Size)
{
    UNICODE_STRING Name;

    Text[0] = 0;
    if (!NT_SUCCESS(ObpQueryName(Object, &Name)))
        return;
    ObpNarrow(&Name, Text, Size);
    ExFreePoolWithTag(Name.Buffer, OBP_TAG_NAME);
}

static BOOLEAN ObpIsSubject(PVOID Object)
{
    POBJECT_HEADER Header = ObpHeader(Object);

    if ((atomic_load(&Header->Flags) & OBP_SYSTEM) != 0)
        return FALSE;
    if (Header->Type == PspProcessType || Header->Type == PspThreadType)
        return __atomic_load_n(&((PDISPATCHER_HEADER)Object)->SignalState, __ATOMIC_RELAXED) != 0;
    return TRUE;
}

static VOID ObpAccountObject(PVOID Object, POBJECT_TYPE Type, LONG_PTR References, LONG_PTR Handles,
                             PVOID Context)
{
    OBP_ACCOUNT *Account = Context;
    char Name[256], TypeName[72], Target[256], Creator[160], Sentence[1024];

    if (!ObpIsSubject(Object))
        return;
    ObpNarrowName(Object, Name, sizeof(Name));
    if (Type == ObpSymbolicLinkType) {
        ObpNarrow(&((POBP_SYMBOLIC_LINK)Object)->Target, Target, sizeof(Target));
        strcpy(Creator, "unknown code");
        if (ObpHeader(Object)->Creator != NULL)
            VfDescribeAddress(ObpHeader(Object)->Creator, Creator, sizeof(Creator));
        snprintf(Sentence, sizeof(Sentence), "%s -> %s, made by %s", Name[0] ? Name : "(no name)",
                 Target, Creator);
        Account->Left("symbolic link", Sentence, Account->Context);
        return;
    }
    ObpNarrow(&Type->Name, TypeName, sizeof(TypeName));
    snprintf(Sentence, sizeof(Sentence), "%s %p%s%s, %lld references, %lld handles", TypeName,
             Object, Name[0] ? " " : "", Name, References, Handles);
    Account->Left("object", Sentence, Account->Context);
}

static VOID ObpAccountHandle(PEPROCESS Process, HANDLE Handle, PVOID Object, ACCESS_MASK Access,
                             PVOID Context)
{
    OBP_ACCOUNT *Account = Context;
    char Name[256], TypeName[72], Sentence[512];

    ObpNarrowName(Object, Name, sizeof(Name));
    ObpNarrow(&ObpTypeOf(Object)->Name, TypeName, sizeof(TypeName));
    snprintf(Sentence, sizeof(Sentence), "0x%llx of process %.32s to %s %p%s%s, access 0x%x",
             (unsigned long long)(ULONG_PTR)Handle, Process != NULL ? Process->ImageName : "?",
             TypeName, Object, Name[0] ? " " : "", Name, Access);
    Account->Left("handle", Sentence, Account->Context);
}

static VOID ObpAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    OBP_ACCOUNT Account = {Left, Context};

    ObpEnumerateHandles(NULL, ObpAccountHandle, &Account);
    ObpEnumerateObjects(ObpAccountObject, &Account);
}

VOID ObpAddAccounting(VOID)
{
    VfAddAccountingSource("ob", ObpAccount);
}

VOID ObpMarkSystemObjects(VOID)
{
    PVOID *Objects;
    ULONG Count;

    if (!NT_SUCCESS(ObpSnapshotObjects(&Objects, &Count)))
        return;
    for (ULONG i = 0; i < Count; i++) {
        atomic_fetch_or(&ObpHeader(Objects[i])->Flags, OBP_SYSTEM);
        ObfDereferenceObject(Objects[i]);
    }
    ExFreePoolWithTag(Objects, OBP_TAG_WORK);
}
