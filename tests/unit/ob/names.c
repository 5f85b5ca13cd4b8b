/* SPDX-License-Identifier: MIT */
/* The namespace: paths, collisions, links, parse methods, permanent and temporary names. */
#include "obtest.h"

static POBJECT_TYPE ThingType, ParserType;

static struct {
    ULONG Calls;
    WCHAR Remaining[64];
    NTSTATUS Answer;
    PVOID Context;
    const WCHAR *Reparse;
} Parsed;

static NTSTATUS ParserParse(PVOID ParseObject, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                            ULONG Attributes, PUNICODE_STRING CompleteName,
                            PUNICODE_STRING Remaining, PVOID Context, PVOID *Object)
{
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(Attributes);
    Parsed.Calls++;
    Parsed.Context = Context;
    memset(Parsed.Remaining, 0, sizeof(Parsed.Remaining));
    memcpy(Parsed.Remaining, Remaining->Buffer, Remaining->Length);
    if (Parsed.Reparse != NULL) {
        SIZE_T Bytes = NtCrt_wcslen(Parsed.Reparse) * sizeof(WCHAR);
        ExFreePool(CompleteName->Buffer);
        CompleteName->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Bytes, 'tseT');
        memcpy(CompleteName->Buffer, Parsed.Reparse, Bytes);
        CompleteName->Length = CompleteName->MaximumLength = (USHORT)Bytes;
        return STATUS_REPARSE;
    }
    if (!NT_SUCCESS(Parsed.Answer))
        return Parsed.Answer;
    ObReferenceObject(ParseObject);
    *Object = ParseObject;
    return STATUS_SUCCESS;
}

static int Setup(void **State)
{
    static const OB_TYPE_INFO Thing = {.Name = L"Thing"};
    static const OB_TYPE_INFO Parser = {.Name = L"Parser", .Parse = ParserParse};

    if (BootGroup(State) != 0)
        return -1;
    return NT_SUCCESS(ObpCreateType(&Thing, &ThingType)) &&
                   NT_SUCCESS(ObpCreateType(&Parser, &ParserType))
               ? 0
               : -1;
}

static NTSTATUS Make(POBJECT_TYPE Type, const WCHAR *Path, ULONG Flags, HANDLE Root, PVOID *Object)
{
    NAMED Name;
    NTSTATUS Status = ObpCreate(Type, Named(&Name, Path, Flags, Root), 16, Object);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObpInsert(*Object, 0, NULL);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(*Object);
        *Object = NULL;
    }
    return Status;
}

static NTSTATUS Open(const WCHAR *Path, POBJECT_TYPE Type, PVOID *Object)
{
    NAMED Name;

    return ObpOpenByName(Named(&Name, Path, 0, NULL), Type, 0, NULL, Object);
}

static NTSTATUS Link(const WCHAR *Path, const WCHAR *Target)
{
    UNICODE_STRING Name, To;

    RtlInitUnicodeString(&Name, Path);
    RtlInitUnicodeString(&To, Target);
    return IoCreateSymbolicLink(&Name, &To);
}

static NTSTATUS Unlink(const WCHAR *Path)
{
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, Path);
    return IoDeleteSymbolicLink(&Name);
}

static void BootDirectories(void **State)
{
    static const WCHAR *const Paths[] = {
        L"\\",         L"\\Device",           L"\\Driver",      L"\\??",      L"\\DosDevices",
        L"\\GLOBAL??", L"\\BaseNamedObjects", L"\\ObjectTypes", L"\\Callback"};
    PVOID Object, Global;
    (void)State;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Paths); i++) {
        assert_ok(Open(Paths[i], ObpDirectoryType, &Object));
        ObDereferenceObject(Object);
    }
    assert_ok(Open(L"\\GLOBAL??", ObpDirectoryType, &Global));
    assert_ok(Open(L"\\DosDevices", ObpDirectoryType, &Object));
    assert_ptr_equal(Object, Global);
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\??\\Global", NULL, &Object));
    assert_ptr_equal(Object, Global);
    ObDereferenceObject(Object);
    ObDereferenceObject(Global);
    assert_ok(Open(L"\\??\\GLOBALROOT\\Device", ObpDirectoryType, &Object));
    assert_true(NameIs(Object, L"\\Device"));
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\??\\GLOBALROOT", ObpDirectoryType, &Object));
    assert_true(NameIs(Object, L"\\"));
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\ObjectTypes\\Thing", ObpTypeType, &Object));
    assert_ptr_equal(Object, ThingType);
    ObDereferenceObject(Object);
}

static void PathErrors(void **State)
{
    PVOID Thing, Object;
    (void)State;

    assert_ok(Make(ThingType, L"\\Device\\Thing", 0, NULL, &Thing));
    assert_status(Open(L"\\Device\\None", NULL, &Object), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(Object);
    assert_status(Open(L"\\None\\Thing", NULL, &Object), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(Open(L"Device\\Thing", NULL, &Object), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(Open(L"", NULL, &Object), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(Open(L"\\Device\\\\Thing", NULL, &Object), STATUS_OBJECT_NAME_INVALID);
    assert_status(Open(L"\\Device\\", NULL, &Object), STATUS_OBJECT_NAME_INVALID);
    assert_status(Open(L"\\Device\\Thing\\More", NULL, &Object), STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(Open(L"\\Device\\Thing", ObpDirectoryType, &Object), STATUS_OBJECT_TYPE_MISMATCH);
    assert_null(Object);
    assert_status(Make(ThingType, L"\\None\\Thing", 0, NULL, &Object),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    assert_status(Make(ThingType, L"Thing", 0, NULL, &Object), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(Make(ThingType, L"\\Device\\Thing\\More", 0, NULL, &Object),
                  STATUS_OBJECT_TYPE_MISMATCH);

    UNICODE_STRING Odd = {3, 4, (PWCH)L"\\D"};
    OBJECT_ATTRIBUTES Attributes;
    InitializeObjectAttributes(&Attributes, &Odd, 0, NULL, NULL);
    assert_status(ObpCreate(ThingType, &Attributes, 16, &Object), STATUS_OBJECT_NAME_INVALID);
    assert_status(ObpOpenByName(&Attributes, NULL, 0, NULL, &Object), STATUS_OBJECT_NAME_INVALID);

    /* Case never matters, and looking changes no count. */
    assert_ok(Open(L"\\DEVICE\\tHiNg", ThingType, &Object));
    assert_ptr_equal(Object, Thing);
    assert_int_equal(ObpReferenceCount(Thing), 2);
    ObDereferenceObject(Object);
    assert_true(NameIs(Thing, L"\\Device\\Thing"));
    ObDereferenceObject(Thing);
    assert_false(Exists(L"\\Device\\Thing")); /* temporary: gone with its last reference */
}

static void Collision(void **State)
{
    PVOID First, Second;
    HANDLE Handle;
    NAMED Name;
    (void)State;

    assert_ok(Make(ThingType, L"\\Device\\Twin", OBJ_PERMANENT, NULL, &First));
    assert_int_equal(ObpReferenceCount(First), 2);
    assert_status(Make(ThingType, L"\\Device\\TWIN", 0, NULL, &Second),
                  STATUS_OBJECT_NAME_COLLISION);
    /* OPENIF without a handle to give: a collision still. */
    assert_status(Make(ThingType, L"\\Device\\Twin", OBJ_OPENIF, NULL, &Second),
                  STATUS_OBJECT_NAME_COLLISION);

    assert_ok(ObpCreate(ThingType, Named(&Name, L"\\Device\\Twin", OBJ_OPENIF, NULL), 16, &Second));
    assert_status(ObpInsert(Second, 1, &Handle), STATUS_OBJECT_NAME_EXISTS);
    ObDereferenceObject(Second);
    assert_ok(ObReferenceObjectByHandle(Handle, 0, ThingType, KernelMode, &Second, NULL));
    assert_ptr_equal(Second, First);
    ObDereferenceObject(Second);
    assert_ok(ZwClose(Handle));

    assert_ok(
        ObpCreate(ParserType, Named(&Name, L"\\Device\\Twin", OBJ_OPENIF, NULL), 16, &Second));
    assert_status(ObpInsert(Second, 1, &Handle), STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObject(Second);

    ObpRemoveName(First);
    assert_int_equal(ObpReferenceCount(First), 1);
    assert_false(Exists(L"\\Device\\Twin"));
    ObpRemoveName(First); /* there is none any more */
    assert_int_equal(ObpReferenceCount(First), 1);
    ObDereferenceObject(First);
}

static void PermanentAndTemporary(void **State)
{
    HANDLE First, Second;
    PVOID Object;
    NAMED Name;
    (void)State;

    /* Temporary: the last handle takes the name, references or not. */
    assert_ok(ObpCreate(ThingType, Named(&Name, L"\\Device\\Temp", 0, NULL), 16, &Object));
    assert_ok(ObpInsert(Object, 0, &First));
    assert_ok(ObpCreateHandle(Object, 0, 0, &Second));
    assert_ok(ZwClose(First));
    assert_true(Exists(L"\\Device\\Temp"));
    assert_ok(ZwClose(Second));
    assert_false(Exists(L"\\Device\\Temp"));
    assert_true(NameIs(Object, L""));
    assert_int_equal(ObpReferenceCount(Object), 1);
    ObDereferenceObject(Object);

    /* Permanent: stays with neither; made temporary it goes at once. */
    assert_ok(
        ObpCreate(ThingType, Named(&Name, L"\\Device\\Perm", OBJ_PERMANENT, NULL), 16, &Object));
    assert_ok(ObpInsert(Object, 0, &First));
    assert_ok(ZwClose(First));
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\Device\\Perm", ThingType, &Object));
    assert_int_equal(ObpReferenceCount(Object), 2);
    ObMakeTemporaryObject(Object);
    assert_false(Exists(L"\\Device\\Perm"));
    assert_int_equal(ObpReferenceCount(Object), 1);
    ObMakeTemporaryObject(Object); /* twice does no harm */
    assert_int_equal(ObpReferenceCount(Object), 1);
    ObDereferenceObject(Object);

    /* With a handle open it keeps the name until that closes. */
    assert_ok(
        ObpCreate(ThingType, Named(&Name, L"\\Device\\Perm", OBJ_PERMANENT, NULL), 16, &Object));
    assert_ok(ObpInsert(Object, DELETE, &First));
    ObDereferenceObject(Object);
    assert_ok(ZwMakeTemporaryObject(First));
    assert_true(Exists(L"\\Device\\Perm"));
    assert_ok(ZwClose(First));
    assert_false(Exists(L"\\Device\\Perm"));
}

static void Links(void **State)
{
    PVOID Thing, Object, Directory;
    WCHAR Buffer[32];
    UNICODE_STRING Target = {0, sizeof(Buffer), Buffer};
    HANDLE Handle;
    ULONG Length;
    NAMED Name;
    (void)State;

    assert_ok(Make(ThingType, L"\\Device\\Real", OBJ_PERMANENT, NULL, &Thing));
    assert_ok(Link(L"\\??\\Alias", L"\\Device\\Real"));
    assert_status(Link(L"\\DosDevices\\ALIAS", L"\\Device\\Other"), STATUS_OBJECT_NAME_COLLISION);
    assert_ok(Open(L"\\DosDevices\\alias", ThingType, &Object));
    assert_ptr_equal(Object, Thing);
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\??\\Alias", ObpSymbolicLinkType, &Object));
    assert_true(NameIs(Object, L"\\GLOBAL\?\?\\Alias"));
    ObDereferenceObject(Object);

    /* Reading the target; with ReturnedLength the closing zero counts. */
    assert_ok(ZwOpenSymbolicLinkObject(&Handle, GENERIC_READ,
                                       Named(&Name, L"\\??\\Alias", OBJ_KERNEL_HANDLE, NULL)));
    assert_ok(ZwQuerySymbolicLinkObject(Handle, &Target, &Length));
    assert_int_equal(Length, 26);
    assert_int_equal(Target.Length, 24);
    assert_memory_equal(Buffer, L"\\Device\\Real", 26);
    Target.MaximumLength = 24;
    assert_status(ZwQuerySymbolicLinkObject(Handle, &Target, &Length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(Length, 26);
    assert_ok(ZwQuerySymbolicLinkObject(Handle, &Target, NULL));
    Target.MaximumLength = 22;
    assert_status(ZwQuerySymbolicLinkObject(Handle, &Target, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_ok(ZwClose(Handle));

    /* A link to a directory goes on into it. */
    assert_ok(Link(L"\\Device\\Dir", L"\\Device"));
    assert_ok(Open(L"\\Device\\Dir\\Dir\\Real", NULL, &Object));
    assert_ptr_equal(Object, Thing);
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\Device\\Dir", ObpDirectoryType, &Directory));
    ObDereferenceObject(Directory);
    /* Something new is entered where the link leads. */
    assert_ok(Make(ThingType, L"\\Device\\Dir\\New", 0, NULL, &Object));
    assert_true(NameIs(Object, L"\\Device\\New"));
    ObDereferenceObject(Object);
    /* Not to be followed. */
    assert_status(ObpOpenByName(Named(&Name, L"\\Device\\Dir\\Real", OBJ_DONT_REPARSE, NULL), NULL,
                                0, NULL, &Object),
                  STATUS_REPARSE_POINT_ENCOUNTERED);

    /* Rings and dead ends. */
    assert_ok(Link(L"\\Device\\A", L"\\Device\\B"));
    assert_ok(Link(L"\\Device\\B", L"\\Device\\A"));
    assert_status(Open(L"\\Device\\A", NULL, &Object), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(Link(L"\\Device\\Dead", L"\\Device\\Nowhere"));
    assert_status(Open(L"\\Device\\Dead", NULL, &Object), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(Link(L"\\Device\\Bad", L"Device"));
    assert_status(Open(L"\\Device\\Bad", NULL, &Object), STATUS_OBJECT_PATH_SYNTAX_BAD);

    assert_ok(Unlink(L"\\Device\\Bad"));
    assert_ok(Unlink(L"\\Device\\Dead"));
    assert_ok(Unlink(L"\\Device\\A"));
    assert_ok(Unlink(L"\\Device\\B"));
    assert_ok(Unlink(L"\\Device\\Dir"));
    assert_ok(Unlink(L"\\DosDevices\\Alias"));
    assert_status(Unlink(L"\\DosDevices\\Alias"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(Unlink(L"\\Device\\Real"), STATUS_OBJECT_TYPE_MISMATCH);
    ObpRemoveName(Thing);
    ObDereferenceObject(Thing);
}

static void LinkChain(void **State)
{
    WCHAR From[] = L"\\Device\\L00", To[] = L"\\Device\\L00";
    PVOID Thing, Object;
    (void)State;

    /* L33 -> L32 -> ... -> L01, an object: 32 links can be passed, 33 can't. */
    assert_ok(Make(ThingType, L"\\Device\\L01", OBJ_PERMANENT, NULL, &Thing));
    for (ULONG i = 2; i <= 34; i++) {
        From[9] = (WCHAR)(L'0' + i / 10);
        From[10] = (WCHAR)(L'0' + i % 10);
        To[9] = (WCHAR)(L'0' + (i - 1) / 10);
        To[10] = (WCHAR)(L'0' + (i - 1) % 10);
        assert_ok(Link(From, To));
    }
    assert_ok(Open(L"\\Device\\L33", ThingType, &Object));
    assert_ptr_equal(Object, Thing);
    ObDereferenceObject(Object);
    assert_status(Open(L"\\Device\\L34", ThingType, &Object), STATUS_OBJECT_NAME_NOT_FOUND);
    for (ULONG i = 2; i <= 34; i++) {
        From[9] = (WCHAR)(L'0' + i / 10);
        From[10] = (WCHAR)(L'0' + i % 10);
        assert_ok(Unlink(From));
    }
    ObpRemoveName(Thing);
    ObDereferenceObject(Thing);
}

static void LinkTooLong(void **State)
{
    static WCHAR Path[30100];
    UNICODE_STRING Name = {0, sizeof(Path), Path};
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Long, From;
    PVOID Object;
    (void)State;

    RtlAppendUnicodeToString(&Name, L"\\Device");
    for (ULONG i = 7; i < 20000; i++)
        Path[i] = i % 100 == 7 ? L'\\' : L'x';
    Long = (UNICODE_STRING){40000, 40000, Path};
    RtlInitUnicodeString(&From, L"\\Device\\Long");
    assert_ok(IoCreateSymbolicLink(&From, &Long));
    memcpy(Path, L"\\Device\\Long", 24);
    Path[12] = L'\\';
    Name.Length = 40000;
    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    assert_status(ObpOpenByName(&Attributes, NULL, 0, NULL, &Object), STATUS_NAME_TOO_LONG);
    assert_ok(IoDeleteSymbolicLink(&From));
}

static void Relative(void **State)
{
    HANDLE Directory, Sub, Thing;
    PVOID Object;
    NAMED Name;
    (void)State;

    assert_ok(ZwCreateDirectoryObject(&Directory, DIRECTORY_ALL_ACCESS,
                                      Named(&Name, L"\\Device\\Rel", OBJ_KERNEL_HANDLE, NULL)));
    assert_status(ZwCreateDirectoryObject(&Sub, DIRECTORY_ALL_ACCESS,
                                          Named(&Name, L"\\Device\\Rel", OBJ_KERNEL_HANDLE, NULL)),
                  STATUS_OBJECT_NAME_COLLISION);
    assert_ok(ZwCreateDirectoryObject(&Sub, DIRECTORY_ALL_ACCESS,
                                      Named(&Name, L"Sub", OBJ_KERNEL_HANDLE, Directory)));
    assert_ok(Make(ThingType, L"Sub\\Thing", 0, Directory, &Object));
    assert_true(NameIs(Object, L"\\Device\\Rel\\Sub\\Thing"));
    assert_ok(ObpCreateHandle(Object, 0, OBJ_KERNEL_HANDLE, &Thing));
    ObDereferenceObject(Object);
    assert_ok(ObpOpenByName(Named(&Name, L"thing", 0, Sub), ThingType, 0, NULL, &Object));
    ObDereferenceObject(Object);
    assert_status(ObpOpenByName(Named(&Name, L"\\Thing", 0, Sub), NULL, 0, NULL, &Object),
                  STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(ObpOpenByName(Named(&Name, L"Below", 0, Thing), NULL, 0, NULL, &Object),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_status(ObpOpenByName(Named(&Name, L"Thing", 0, (HANDLE)0x7ffc), NULL, 0, NULL, &Object),
                  STATUS_INVALID_HANDLE);
    /* An empty name is the root itself. */
    assert_ok(ObpOpenByName(Named(&Name, L"", 0, Sub), ObpDirectoryType, 0, NULL, &Object));
    assert_true(NameIs(Object, L"\\Device\\Rel\\Sub"));
    ObDereferenceObject(Object);

    /* A directory that lost its name keeps what is in it. */
    assert_ok(ZwClose(Directory));
    assert_false(Exists(L"\\Device\\Rel"));
    assert_ok(ObpOpenByName(Named(&Name, L"Thing", 0, Sub), ThingType, 0, NULL, &Object));
    ObDereferenceObject(Object);
    assert_ok(ZwClose(Sub));
    assert_ok(ZwClose(Thing));
}

static void ParseMethods(void **State)
{
    PVOID Parser, Object;
    HANDLE Handle;
    ULONG Context;
    NAMED Name;
    (void)State;

    memset(&Parsed, 0, sizeof(Parsed));
    assert_ok(Make(ParserType, L"\\Device\\Parser", OBJ_PERMANENT, NULL, &Parser));
    assert_ok(Link(L"\\??\\P:", L"\\Device\\Parser"));

    /* The object itself, asked for by its type or by none. */
    assert_ok(Open(L"\\Device\\Parser", ParserType, &Object));
    ObDereferenceObject(Object);
    assert_ok(Open(L"\\??\\P:", NULL, &Object));
    ObDereferenceObject(Object);
    assert_int_equal(Parsed.Calls, 0);

    assert_ok(Open(L"\\??\\p:\\Some\\File", ParserType, &Object));
    assert_ptr_equal(Object, Parser);
    ObDereferenceObject(Object);
    assert_int_equal(Parsed.Calls, 1);
    assert_memory_equal(Parsed.Remaining, L"\\Some\\File", 22);
    assert_ok(Open(L"\\Device\\Parser\\", ParserType, &Object));
    ObDereferenceObject(Object);
    assert_memory_equal(Parsed.Remaining, L"\\", 4);

    /* Another type, or a context: it is the method's to say, even with nothing remaining. */
    assert_status(Open(L"\\Device\\Parser", ThingType, &Object), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(Parsed.Calls, 3);
    assert_memory_equal(Parsed.Remaining, L"", 2);
    assert_ok(
        ObpOpenByName(Named(&Name, L"\\Device\\Parser", 0, NULL), NULL, 0, &Context, &Object));
    ObDereferenceObject(Object);
    assert_int_equal(Parsed.Calls, 4);
    assert_ptr_equal(Parsed.Context, &Context);

    Parsed.Answer = STATUS_DEVICE_NOT_READY;
    assert_status(Open(L"\\Device\\Parser\\x", NULL, &Object), STATUS_DEVICE_NOT_READY);
    assert_null(Object);
    Parsed.Answer = STATUS_SUCCESS;

    /* An open relative to the object goes to its method, without a backslash. */
    assert_ok(ObpCreateHandle(Parser, 0, 0, &Handle));
    assert_ok(ObpOpenByName(Named(&Name, L"Below", 0, Handle), ParserType, 0, NULL, &Object));
    assert_memory_equal(Parsed.Remaining, L"Below", 12);
    ObDereferenceObject(Object);
    assert_ok(ZwClose(Handle));

    /* STATUS_REPARSE: the walk goes on with the name that the method left. */
    Parsed.Reparse = L"\\Device";
    assert_ok(Open(L"\\Device\\Parser\\x", ObpDirectoryType, &Object));
    assert_true(NameIs(Object, L"\\Device"));
    ObDereferenceObject(Object);
    Parsed.Reparse = L"\\Device\\Parser\\again"; /* for ever */
    assert_status(Open(L"\\Device\\Parser\\x", NULL, &Object), STATUS_OBJECT_NAME_NOT_FOUND);
    Parsed.Reparse = NULL;

    /* Nothing is entered below it. */
    assert_status(Make(ThingType, L"\\Device\\Parser\\Thing", 0, NULL, &Object),
                  STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObpReferenceCount(Parser), 2);
    assert_ok(Unlink(L"\\??\\P:"));
    ObpRemoveName(Parser);
    ObDereferenceObject(Parser);
}

static void ByName(void **State)
{
    UNICODE_STRING Name;
    PVOID Thing, Object;
    HANDLE Handle;
    NAMED Attributes;
    (void)State;

    assert_ok(Make(ThingType, L"\\Device\\Named", OBJ_PERMANENT, NULL, &Thing));
    RtlInitUnicodeString(&Name, L"\\Device\\Named");
    assert_ok(ObReferenceObjectByName(&Name, OBJ_CASE_INSENSITIVE, NULL, 0, ThingType, KernelMode,
                                      NULL, &Object));
    assert_ptr_equal(Object, Thing);
    ObDereferenceObject(Object);
    assert_status(ObReferenceObjectByName(&Name, 0, NULL, 0, ParserType, KernelMode, NULL, &Object),
                  STATUS_OBJECT_TYPE_MISMATCH);
    RtlInitUnicodeString(&Name, NULL);
    assert_status(ObReferenceObjectByName(&Name, 0, NULL, 0, NULL, KernelMode, NULL, &Object),
                  STATUS_OBJECT_NAME_INVALID);

    assert_ok(ObOpenObjectByName(Named(&Attributes, L"\\Device\\Named", OBJ_KERNEL_HANDLE, NULL),
                                 ThingType, KernelMode, NULL, 1, NULL, &Handle));
    assert_int_equal(ObpHandleCount(Thing), 1);
    assert_ok(ZwClose(Handle));
    Attributes.Attributes.Length--;
    assert_status(
        ObOpenObjectByName(&Attributes.Attributes, ThingType, KernelMode, NULL, 1, NULL, &Handle),
        STATUS_INVALID_PARAMETER);
    Attributes.Attributes.Length++;
    Attributes.Attributes.Attributes = 0x80000000;
    assert_status(
        ObOpenObjectByName(&Attributes.Attributes, ThingType, KernelMode, NULL, 1, NULL, &Handle),
        STATUS_INVALID_PARAMETER);
    assert_status(ObOpenObjectByName(NULL, ThingType, KernelMode, NULL, 1, NULL, &Handle),
                  STATUS_INVALID_PARAMETER);

    /* Its name, through the public routine. */
    ULONG64 Buffer[16];
    POBJECT_NAME_INFORMATION Information = (POBJECT_NAME_INFORMATION)Buffer;
    ULONG Length;
    assert_status(ObQueryNameString(Thing, NULL, 0, &Length), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(Length, sizeof(*Information) + 28);
    assert_status(ObQueryNameString(Thing, Information, Length - 1, &Length),
                  STATUS_INFO_LENGTH_MISMATCH);
    assert_ok(ObQueryNameString(Thing, Information, Length, &Length));
    assert_memory_equal(Information->Name.Buffer, L"\\Device\\Named", 28);
    assert_int_equal(Information->Name.Length, 26);
    assert_int_equal(Information->Name.MaximumLength, 28);
    ObpRemoveName(Thing);
    assert_ok(ObQueryNameString(Thing, Information, sizeof(*Information), &Length));
    assert_int_equal(Length, sizeof(*Information));
    assert_null(Information->Name.Buffer);
    ObDereferenceObject(Thing);
}

static void QueryDirectory(void **State)
{
    ULONG64 Buffer[128];
    POBJECT_DIRECTORY_INFORMATION Entries = (POBJECT_DIRECTORY_INFORMATION)Buffer;
    ULONG Context = 77, Length;
    PVOID Things[3];
    HANDLE Directory;
    NAMED Name;
    (void)State;

    assert_ok(ZwCreateDirectoryObject(&Directory, DIRECTORY_ALL_ACCESS,
                                      Named(&Name, L"\\Device\\List", OBJ_KERNEL_HANDLE, NULL)));
    assert_int_equal(
        ZwQueryDirectoryObject(Directory, Buffer, sizeof(Buffer), FALSE, TRUE, &Context, &Length),
        STATUS_NO_MORE_ENTRIES);
    assert_ok(Make(ThingType, L"Zulu", 0, Directory, &Things[0]));
    assert_ok(Make(ParserType, L"alpha", 0, Directory, &Things[1]));
    assert_ok(Make(ThingType, L"Mike", 0, Directory, &Things[2]));

    assert_ok(
        ZwQueryDirectoryObject(Directory, Buffer, sizeof(Buffer), FALSE, TRUE, &Context, &Length));
    assert_int_equal(Context, 3);
    assert_memory_equal(Entries[0].Name.Buffer, L"Zulu", 10);
    assert_memory_equal(Entries[1].Name.Buffer, L"alpha", 12);
    assert_memory_equal(Entries[1].TypeName.Buffer, L"Parser", 14);
    assert_memory_equal(Entries[2].Name.Buffer, L"Mike", 10);
    assert_null(Entries[3].Name.Buffer);
    assert_int_equal(
        ZwQueryDirectoryObject(Directory, Buffer, sizeof(Buffer), FALSE, FALSE, &Context, &Length),
        STATUS_NO_MORE_ENTRIES);

    /* One at a time, and too little room. */
    assert_ok(
        ZwQueryDirectoryObject(Directory, Buffer, sizeof(Buffer), TRUE, TRUE, &Context, &Length));
    assert_int_equal(Context, 1);
    assert_int_equal(Length, 2 * sizeof(*Entries) + 10 + 12);
    assert_status(
        ZwQueryDirectoryObject(Directory, Buffer, Length - 1, TRUE, TRUE, &Context, &Length),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(Length, 2 * sizeof(*Entries) + 10 + 12);
    assert_int_equal(
        ZwQueryDirectoryObject(Directory, Buffer, Length, FALSE, TRUE, &Context, &Length),
        STATUS_MORE_ENTRIES);
    assert_int_equal(Context, 1);
    assert_ok(
        ZwQueryDirectoryObject(Directory, Buffer, sizeof(Buffer), FALSE, FALSE, &Context, &Length));
    assert_int_equal(Context, 3);
    assert_memory_equal(Entries[1].Name.Buffer, L"Mike", 10);

    for (ULONG i = 0; i < 3; i++)
        ObDereferenceObject(Things[i]);
    assert_ok(ZwClose(Directory));
}

static VOID CountEntry(PVOID Object, POBJECT_TYPE Type, PCUNICODE_STRING Name, ULONG Depth,
                       PCUNICODE_STRING LinkTarget, PVOID Context)
{
    ULONG *Counts = Context;
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Name);

    Counts[0]++;
    if (Type == ObpSymbolicLinkType && LinkTarget != NULL)
        Counts[1]++;
    if (Depth > 0)
        Counts[2]++;
}

/* A directory of many names: the table grows, and each is still found. */
static void ManyNames(void **State)
{
    static PVOID Things[1000];
    WCHAR Path[] = L"\\Device\\Many\\N000";
    ULONG Counts[3] = {0};
    PVOID Directory, Object;
    HANDLE Handle;
    NAMED Name;
    (void)State;

    assert_ok(ZwCreateDirectoryObject(&Handle, DIRECTORY_ALL_ACCESS,
                                      Named(&Name, L"\\Device\\Many", OBJ_KERNEL_HANDLE, NULL)));
    for (ULONG i = 0; i < 1000; i++) {
        Path[14] = (WCHAR)(L'0' + i / 100);
        Path[15] = (WCHAR)(L'0' + i / 10 % 10);
        Path[16] = (WCHAR)(L'0' + i % 10);
        assert_ok(Make(ThingType, Path, 0, NULL, &Things[i]));
    }
    assert_ok(Link(L"\\Device\\Many\\Link", L"\\Device"));
    assert_ok(Open(L"\\Device\\Many", ObpDirectoryType, &Directory));
    ObpEnumerateDirectory(Directory, CountEntry, Counts);
    assert_int_equal(Counts[0], 1001);
    assert_int_equal(Counts[1], 1);
    assert_int_equal(Counts[2], 0);
    ObDereferenceObject(Directory);
    for (ULONG i = 0; i < 1000; i++) {
        Path[14] = (WCHAR)(L'0' + i / 100);
        Path[15] = (WCHAR)(L'0' + i / 10 % 10);
        Path[16] = (WCHAR)(L'0' + i % 10);
        assert_ok(Open(Path, ThingType, &Object));
        assert_ptr_equal(Object, Things[i]);
        ObDereferenceObject(Object);
        ObDereferenceObject(Things[i]);
        assert_false(Exists(Path));
    }
    assert_ok(Unlink(L"\\Device\\Many\\Link"));
    assert_ok(ZwClose(Handle));
}

/* No memory at each step of making a name: a status, and nothing left. */
static void NoMemory(void **State)
{
    ULONG Failures = 0;
    NTSTATUS Status;
    PVOID Object;
    (void)State;

    for (ULONGLONG i = 1;; i++) {
        atomic_store(&ExpFailAllocationNumber, i);
        Status = Make(ThingType, L"\\Device\\Scarce", 0, NULL, &Object);
        atomic_store(&ExpFailAllocationNumber, 0);
        if (NT_SUCCESS(Status))
            break;
        assert_status(Status, STATUS_INSUFFICIENT_RESOURCES);
        Failures++;
        assert_false(Exists(L"\\Device\\Scarce"));
    }
    assert_true(Failures >= 3);
    ObDereferenceObject(Object);
    for (ULONGLONG i = 1;; i++) {
        atomic_store(&ExpFailAllocationNumber, i);
        Status = Link(L"\\??\\Scarce", L"\\Device");
        atomic_store(&ExpFailAllocationNumber, 0);
        if (NT_SUCCESS(Status))
            break;
        assert_status(Status, STATUS_INSUFFICIENT_RESOURCES);
    }
    assert_ok(Unlink(L"\\??\\Scarce"));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(BootDirectories), cmocka_unit_test(PathErrors),
        cmocka_unit_test(Collision),       cmocka_unit_test(PermanentAndTemporary),
        cmocka_unit_test(Links),           cmocka_unit_test(LinkChain),
        cmocka_unit_test(LinkTooLong),     cmocka_unit_test(Relative),
        cmocka_unit_test(ParseMethods),    cmocka_unit_test(ByName),
        cmocka_unit_test(QueryDirectory),  cmocka_unit_test(ManyNames),
        cmocka_unit_test(NoMemory),
    };
    return cmocka_run_group_tests(Tests, Setup, ShutdownGroup);
}
