/* SPDX-License-Identifier: MIT */
#include "tests/unit/setup/rig.h"

#include "ntio/io/io.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const char *rig_toy;
static char folder[64];

void rig_setup(void)
{
    strcpy(folder, "/tmp/ntio-setup-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(ntio_boot(NULL), 0);
}

void rig_teardown(void)
{
    char command[128];
    unsigned left = ntio_shutdown();

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(left, 0);
}

const char *rig_path(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void make_folders(const char *path)
{
    char copy[512];

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *at = copy + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(copy, 0755);
            *at = '/';
        }
    }
}

void rig_write(const char *name, const char *text)
{
    const char *path = rig_path(name);
    FILE *file;

    make_folders(path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

void rig_copy(const char *from, const char *name)
{
    const char *path = rig_path(name);
    FILE *in = fopen(from, "rb"), *out;
    char block[65536];
    size_t count;

    make_folders(path);
    out = fopen(path, "wb");
    assert_true(in != NULL && out != NULL);
    while ((count = fread(block, 1, sizeof(block), in)) != 0)
        assert_int_equal(fwrite(block, 1, count, out), count);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

int rig_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

char *rig_read(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "rb");

    assert_true(text != NULL && file != NULL);
    (void)!fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

const char *rig_inf(const char *name)
{
    char relative[200];

    snprintf(relative, sizeof(relative), "%s/%s.inf", name, name);
    return rig_path(relative);
}

void rig_package(const char *name, const char *service, const char *id, const char *version,
                 const char *hw, const char *extra)
{
    char text[8192], relative[200];

    snprintf(text, sizeof(text),
             "[Version]\nSignature=\"$WINDOWS NT$\"\nClass=Toys\n"
             "ClassGuid={12345678-1234-1234-1234-123456789ABC}\nProvider=%%p%%\nDriverVer=%s\n"
             "[SourceDisksNames]\n1=disk\n[SourceDisksFiles]\n%s.sys=1\n"
             "[DestinationDirs]\nDefaultDestDir=12\n"
             "[ClassInstall32]\nAddReg=ClassReg\n[ClassReg]\nHKR,,,,Toys of all kinds\n"
             "[Manufacturer]\n%%p%%=Models,NTamd64\n[Models.NTamd64]\n%%d%%=Install,%s\n"
             "[Install.NT]\nCopyFiles=Files\nAddReg=Software\n[Files]\n%s.sys\n"
             "[Software]\nHKR,,FromPackage,,%s\nHKR,Sub,Number,0x10001,7\n"
             "[Install.NT.HW]\nAddReg=Hardware\n[Hardware]\nHKR,,Parameter,0x10001,3\n%s\n"
             "[Install.NT.Services]\nAddService=%s,2,Service\n"
             "[Service]\nDisplayName=%%d%%\nServiceType=1\nStartType=3\nErrorControl=1\n"
             "ServiceBinary=%%12%%\\%s.sys\nAddReg=ServiceReg\n"
             "[ServiceReg]\nHKR,Parameters,Level,0x10001,5\n"
             "[Strings]\np=\"Toy maker\"\nd=\"A toy (%s)\"\n%s",
             version, service, id, service, name, hw, service, service, name, extra);
    snprintf(relative, sizeof(relative), "%s/%s.inf", name, name);
    rig_write(relative, text);
    snprintf(relative, sizeof(relative), "%s/%s.sys", name, service);
    rig_copy(rig_toy, relative);
}

void rig_device(const char *name, const char *id, WCHAR path[200])
{
    char narrow[200];
    size_t i;

    assert_true(ntio_create_root_device(name, id, narrow, sizeof(narrow)) >= 0);
    for (i = 0; narrow[i] != '\0'; i++)
        path[i] = (WCHAR)narrow[i];
    path[i] = 0;
}

const char *rig_stack(const WCHAR *path)
{
    static char text[256];
    PDEVICE_NODE node = PnpFindNode(path);
    size_t length = 0;

    assert_non_null(node);
    text[0] = '\0';
    for (PDEVICE_OBJECT at = node->PhysicalDeviceObject->AttachedDevice; at != NULL;
         at = at->AttachedDevice) {
        PUNICODE_STRING name = &at->DriverObject->DriverName;
        ULONG start = 0;

        if (length != 0)
            text[length++] = ' ';
        for (ULONG i = 0; i < name->Length / sizeof(WCHAR); i++) {
            if (name->Buffer[i] == L'\\')
                start = i + 1;
        }
        for (ULONG i = start; i < name->Length / sizeof(WCHAR); i++)
            text[length++] = (char)name->Buffer[i];
        text[length] = '\0';
    }
    PnpDereferenceNode(node);
    return text;
}

PNP_STATE rig_state(const WCHAR *path, ULONG *problem)
{
    PDEVICE_NODE node = PnpFindNode(path);
    PNP_STATE state;

    assert_non_null(node);
    state = node->State;
    if (problem != NULL)
        *problem = node->Problem;
    PnpDereferenceNode(node);
    return state;
}

void assert_string(const WCHAR *key, const WCHAR *name, const WCHAR *value)
{
    WCHAR *got = NULL;

    if (CmpQueryString(key, name, &got) < 0)
        got = NULL;
    assert_wide_equal(got, value);
    ExFreePool(got);
}

void assert_number(const WCHAR *key, const WCHAR *name, ULONG value)
{
    ULONG got = ~value;

    assert_int_equal(CmpQueryUlong(key, name, &got), 0);
    assert_int_equal(got, value);
}

void assert_no_value(const WCHAR *key, const WCHAR *name)
{
    ULONG type, bytes;
    PVOID data;

    assert_true(CmpQueryValue(key, name, &type, &data, &bytes) < 0);
}

const WCHAR *rig_enum(const WCHAR *path)
{
    static WCHAR key[400];

    NtCrt_wcscpy(key, CCS L"Enum\\");
    NtCrt_wcscat(key, path);
    return key;
}
