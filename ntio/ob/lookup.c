/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - from a path to an object, and the entering of names.
 *
 * Names compare without regard to case, whether OBJ_CASE_INSENSITIVE was given or not: Windows has
 * done so since XP unless told otherwise in the registry (ObCaseInsensitive).
 *
 * A path that runs through more than 32 symbolic links is answered with
 * STATUS_OBJECT_NAME_NOT_FOUND (a ring of links leads to no object), a path that a link makes
 * longer than 65534 bytes with STATUS_NAME_TOO_LONG.
 */
#include "ntio/ob/obp.h"

static NTSTATUS ObpNewPath(PCUNICODE_STRING Head, PCUNICODE_STRING Tail, PUNICODE_STRING Path)
{
    ULONG Length = (ULONG)Head->Length + Tail->Length;

    if (Length > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_NAME_TOO_LONG;
    Path->Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length + sizeof(WCHAR), OBP_TAG_WORK);
    if (Path->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Head->Length != 0)
        memcpy(Path->Buffer, Head->Buffer, Head->Length);
    if (Tail->Length != 0)
        memcpy((PUCHAR)Path->Buffer + Head->Length, Tail->Buffer, Tail->Length);
    Path->Length = (USHORT)Length;
    Path->MaximumLength = (USHORT)(Length + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* "a\b\c" -> Component "a", Rest "\b\c". */
static VOID ObpSplit(PCUNICODE_STRING Path, PUNICODE_STRING Component, PUNICODE_STRING Rest)
{
    USHORT Count = Path->Length / sizeof(WCHAR), i = 0;

    while (i < Count && Path->Buffer[i] != L'\\')
        i++;
    Component->Buffer = Path->Buffer;
    Component->Length = Component->MaximumLength = (USHORT)(i * sizeof(WCHAR));
    Rest->Buffer = Path->Buffer + i;
    Rest->Length = Rest->MaximumLength = (USHORT)(Path->Length - Component->Length);
}

static VOID ObpSkip(PUNICODE_STRING Path)
{
    Path->Buffer++;
    Path->Length -= sizeof(WCHAR);
    Path->MaximumLength -= sizeof(WCHAR);
}

/* Gives the header the last component as its name. Its old one, if it ever had one, has no reader:
 * it is not in the namespace. */
static NTSTATUS ObpSetName(POBJECT_HEADER Header, PCUNICODE_STRING Name, ULONG Hash)
{
    PWCH Buffer = ObpAllocate(Name->Length + sizeof(WCHAR));

    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(Buffer, Name->Buffer, Name->Length);
    if (Header->Name.Buffer != NULL)
        free(Header->Name.Buffer);
    Header->Name.Buffer = Buffer;
    Header->Name.Length = Name->Length;
    Header->Name.MaximumLength = (USHORT)(Name->Length + sizeof(WCHAR));
    Header->NameHash = Hash;
    return STATUS_SUCCESS;
}

/* What a walk through directories ended at. */
typedef enum _OBP_WALK {
    ObpWalkDone, /* with the status */
    ObpWalkLink, /* Path was replaced: go on from the root */
    ObpWalkParse /* *Object (referenced) is to parse Rest */
} OBP_WALK;

typedef struct _OBP_WALKER {
    const OBP_LOOKUP *Lookup;
    UNICODE_STRING Path; /* from pool */
    UNICODE_STRING Rest; /* within Path */
    PVOID Object;
    NTSTATUS Status;
} OBP_WALKER;

/*
 * The last component names Walker->Object, which is referenced. A failure leaves the reference to
 * ObpLookup: it can't be dropped under ObpNamespaceLock.
 */
static OBP_WALK ObpFound(OBP_WALKER *Walker)
{
    const OBP_LOOKUP *Lookup = Walker->Lookup;
    POBJECT_HEADER Header = ObpHeader(Walker->Object);

    if (Lookup->Insert != NULL) {
        if ((Lookup->Attributes & OBJ_OPENIF) == 0)
            Walker->Status = STATUS_OBJECT_NAME_COLLISION;
        else if (Header->Type != Lookup->Insert->Type)
            Walker->Status = STATUS_OBJECT_TYPE_MISMATCH;
        else
            Walker->Status = STATUS_OBJECT_NAME_EXISTS;
        return ObpWalkDone;
    }
    Walker->Status = STATUS_SUCCESS;
    if (Header->Type == Lookup->Type || (Lookup->Type == NULL && Lookup->ParseContext == NULL))
        return ObpWalkDone;
    if (Header->Type->Info.Parse != NULL)
        return ObpWalkParse;
    if (Lookup->Type != NULL)
        Walker->Status = STATUS_OBJECT_TYPE_MISMATCH; /* the caller drops the object */
    return ObpWalkDone;
}

/* Walks Walker->Rest (no leading backslash) down from Directory. Under ObpNamespaceLock. */
static OBP_WALK ObpWalkDirectories(OBP_WALKER *Walker, POBP_DIRECTORY Directory)
{
    const OBP_LOOKUP *Lookup = Walker->Lookup;

    for (;;) {
        UNICODE_STRING Component, Rest;
        POBJECT_HEADER Header;
        BOOLEAN Last, Follow;
        ULONG Hash;

        ObpSplit(&Walker->Rest, &Component, &Rest);
        Last = Rest.Length == 0;
        if (Component.Length == 0) {
            Walker->Status = STATUS_OBJECT_NAME_INVALID;
            return ObpWalkDone;
        }
        Hash = ObpHashName(&Component);
        Header = ObpFindEntry(Directory, &Component, Hash);
        Follow = Header != NULL && Header->Type == ObpSymbolicLinkType &&
                 !(Last && (Lookup->Type == ObpSymbolicLinkType ||
                            (Lookup->Attributes & OBJ_OPENLINK) != 0));
        /* What the walk ends at. Its last reference may have gone since it was found: then it is
         * not there. */
        if (Header != NULL && !Follow && (Last || Header->Type != ObpDirectoryType)) {
            if (ObpReferenceUnlessDying(Header->Body))
                Walker->Object = Header->Body;
            else
                Header = NULL;
        }
        if (Header == NULL) {
            if (!Last)
                Walker->Status = STATUS_OBJECT_PATH_NOT_FOUND;
            else if (Lookup->Insert == NULL)
                Walker->Status = STATUS_OBJECT_NAME_NOT_FOUND;
            else
                Walker->Status = ObpSetName(Lookup->Insert, &Component, Hash);
            /* The entry's. One whose last reference has just gone, before its name, takes none. */
            if (NT_SUCCESS(Walker->Status) && !ObpReferenceUnlessDying(Directory))
                Walker->Status = STATUS_OBJECT_PATH_NOT_FOUND;
            if (NT_SUCCESS(Walker->Status)) {
                if ((Lookup->Attributes & OBJ_PERMANENT) != 0)
                    atomic_fetch_or(&Lookup->Insert->Flags, OBP_PERMANENT);
                ObpLinkEntry(Directory, Lookup->Insert);
            }
            return ObpWalkDone;
        }
        if (Follow) {
            UNICODE_STRING Path;

            if ((Lookup->Attributes & OBJ_DONT_REPARSE) != 0) {
                Walker->Status = STATUS_REPARSE_POINT_ENCOUNTERED;
                return ObpWalkDone;
            }
            Walker->Status = ObpNewPath(&((POBP_SYMBOLIC_LINK)Header->Body)->Target, &Rest, &Path);
            if (!NT_SUCCESS(Walker->Status))
                return ObpWalkDone;
            ExFreePool(Walker->Path.Buffer); /* a parse method may have put another there */
            Walker->Path = Path;
            return ObpWalkLink;
        }
        Walker->Rest = Rest;
        if (Last)
            return ObpFound(Walker);
        if (Header->Type == ObpDirectoryType) {
            Directory = (POBP_DIRECTORY)Header->Body;
            ObpSkip(&Walker->Rest);
            continue;
        }
        /* A name is not entered below a device: that is its driver's business. */
        if (Lookup->Insert != NULL || Header->Type->Info.Parse == NULL) {
            Walker->Status = STATUS_OBJECT_TYPE_MISMATCH;
            return ObpWalkDone;
        }
        return ObpWalkParse;
    }
}

/* Calls the Parse of Walker->Object, whose reference it takes over. STATUS_REPARSE: Path has
 * another name now. */
static NTSTATUS ObpParse(OBP_WALKER *Walker)
{
    const OBP_LOOKUP *Lookup = Walker->Lookup;
    PVOID ParseObject = Walker->Object;

    Walker->Object = NULL;
    Walker->Status =
        ObpTypeOf(ParseObject)
            ->Info.Parse(ParseObject, Lookup->Type, Lookup->Access, Lookup->Attributes,
                         &Walker->Path, &Walker->Rest, Lookup->ParseContext, &Walker->Object);
    ObfDereferenceObject(ParseObject);
    if (Walker->Status == STATUS_REPARSE || Walker->Status == STATUS_REPARSE_OBJECT)
        return STATUS_REPARSE;
    if (!NT_SUCCESS(Walker->Status))
        Walker->Object = NULL;
    else if (Lookup->Type != NULL && ObpTypeOf(Walker->Object) != Lookup->Type)
        Walker->Status = STATUS_OBJECT_TYPE_MISMATCH;
    return Walker->Status;
}

/* The first step of a path that begins at an object. Returns TRUE where the walk goes on in
 * *Directory. */
static BOOLEAN ObpBeginAtRoot(OBP_WALKER *Walker, POBP_DIRECTORY *Directory)
{
    PVOID Root = Walker->Lookup->Root;
    POBJECT_TYPE Type = ObpTypeOf(Root);

    if (Walker->Path.Length != 0 && Walker->Path.Buffer[0] == L'\\') {
        Walker->Status = STATUS_OBJECT_PATH_SYNTAX_BAD;
        return FALSE;
    }
    Walker->Rest = Walker->Path;
    if (Type == ObpDirectoryType) {
        *Directory = Root;
        if (Walker->Path.Length != 0)
            return TRUE;
        /* Nothing behind the root: the root itself. */
        ObfReferenceObject(Root);
        Walker->Object = Root;
        ObpFound(Walker);
        return FALSE;
    }
    if (Walker->Lookup->Insert != NULL || Type->Info.Parse == NULL) {
        Walker->Status = STATUS_OBJECT_TYPE_MISMATCH;
        return FALSE;
    }
    ObfReferenceObject(Root);
    Walker->Object = Root;
    return ObpParse(Walker) == STATUS_REPARSE;
}

NTSTATUS ObpLookup(const OBP_LOOKUP *Lookup, PVOID *Object)
{
    static const UNICODE_STRING Empty;
    OBP_WALKER Walker = {.Lookup = Lookup};
    POBP_DIRECTORY Directory = NULL;
    ULONG Links = 0;

    *Object = NULL;
    if (Lookup->Name->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    Walker.Status = ObpNewPath(&Empty, Lookup->Name, &Walker.Path);
    if (!NT_SUCCESS(Walker.Status))
        return Walker.Status;
    if (Lookup->Root != NULL && !ObpBeginAtRoot(&Walker, &Directory))
        goto Exit;

    for (;;) {
        OBP_WALK Outcome;

        if (Directory == NULL) { /* an absolute path */
            if (Walker.Path.Length == 0 || Walker.Path.Buffer[0] != L'\\') {
                /* A link to nothing, as \GLOBAL??\GLOBALROOT is, stands for the root. */
                Walker.Status = STATUS_OBJECT_PATH_SYNTAX_BAD;
                if (Links == 0 || Walker.Path.Length != 0)
                    break;
            }
            Directory = ObpRootDirectory;
            Walker.Rest = Walker.Path;
            if (Walker.Rest.Length != 0)
                ObpSkip(&Walker.Rest);
        }
        KiLock(&ObpNamespaceLock);
        if (Walker.Rest.Length == 0 && Directory == ObpRootDirectory) {
            ObfReferenceObject(ObpRootDirectory);
            Walker.Object = ObpRootDirectory;
            Outcome = ObpFound(&Walker);
        } else {
            Outcome = ObpWalkDirectories(&Walker, Directory);
        }
        KiUnlock(&ObpNamespaceLock);
        Directory = NULL;

        if (Outcome == ObpWalkDone)
            break;
        if (Outcome == ObpWalkParse && ObpParse(&Walker) != STATUS_REPARSE)
            break;
        if (++Links > OBP_MAXIMUM_LINKS) {
            Walker.Status = STATUS_OBJECT_NAME_NOT_FOUND;
            break;
        }
    }

Exit:
    ExFreePool(Walker.Path.Buffer);
    if (!NT_SUCCESS(Walker.Status) && Walker.Object != NULL) {
        ObfDereferenceObject(Walker.Object);
        Walker.Object = NULL;
    }
    *Object = Walker.Object;
    return Walker.Status;
}

NTSTATUS ObpOpenByName(POBJECT_ATTRIBUTES Attributes, POBJECT_TYPE Type, ACCESS_MASK Access,
                       PVOID ParseContext, PVOID *Object)
{
    static const UNICODE_STRING Empty;
    OBP_LOOKUP Lookup = {.Name = Attributes->ObjectName,
                         .Type = Type,
                         .Access = Access,
                         .Attributes = Attributes->Attributes,
                         .ParseContext = ParseContext};
    NTSTATUS Status;

    KE_IRQL_AT_MOST(APC_LEVEL);
    *Object = NULL;
    if (Lookup.Name == NULL)
        Lookup.Name = &Empty;
    if (Lookup.Name->Length != 0 && Lookup.Name->Buffer == NULL)
        return STATUS_OBJECT_NAME_INVALID;
    if (Attributes->RootDirectory != NULL) {
        Status = ObReferenceObjectByHandle(Attributes->RootDirectory, 0, NULL, KernelMode,
                                           &Lookup.Root, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = ObpLookup(&Lookup, Object);
    if (Lookup.Root != NULL)
        ObfDereferenceObject(Lookup.Root);
    return Status;
}

NTSTATUS ObpInsert(PVOID Object, ACCESS_MASK Access, HANDLE *Handle)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    POBP_CREATE_INFO Info = Header->CreateInfo;
    ULONG Attributes = Info != NULL ? Info->Attributes : 0;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (Info == NULL || !Info->HasName) {
        Status =
            Handle != NULL ? ObpCreateHandle(Object, Access, Attributes, Handle) : STATUS_SUCCESS;
    } else {
        OBP_LOOKUP Lookup = {.Root = Info->Root,
                             .Name = &Info->Name,
                             .Type = Header->Type,
                             .Attributes = Attributes,
                             .Insert = Header};

        if (Handle == NULL) /* what is there already can't be given out */
            Lookup.Attributes &= ~(ULONG)OBJ_OPENIF;
        /* Again where another's last handle took the name before ours was made. */
        do {
            PVOID Found;

            Status = ObpLookup(&Lookup, &Found);
            if (NT_SUCCESS(Status) && Handle != NULL) {
                NTSTATUS HandleStatus = ObpCreateHandleByName(Found != NULL ? Found : Object,
                                                              Access, Attributes, Handle);
                if (!NT_SUCCESS(HandleStatus)) {
                    Status = HandleStatus;
                    if (Found == NULL && Status != STATUS_RETRY)
                        ObpRemoveName(Object);
                }
            }
            if (Found != NULL)
                ObfDereferenceObject(Found);
        } while (Status == STATUS_RETRY);
    }
    if (Status == STATUS_SUCCESS)
        ObpFreeCreateInfo(Header);
    return Status;
}
