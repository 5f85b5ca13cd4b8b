/* SPDX-License-Identifier: MIT */
/* api.c - the routines that programs read .inf files with, run sections by, and keep packages by.
 */
#include "tests/unit/setup/rig.h"
#include <setupapi.h>
#include <difxapi.h>
#include <newdev.h>

#include <stdio.h>
#include <unistd.h>

static int setup(void **state)
{
    (void)state;
    rig_setup();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_teardown();
    return 0;
}

static HINF open_corpus(const char *name)
{
    char path[512];
    UINT line = 77;
    HINF inf;

    snprintf(path, sizeof(path), "%s/%s", INF_CORPUS, name);
    inf = SetupOpenInfFileA(path, NULL, INF_STYLE_WIN4, &line);
    assert_ptr_not_equal(inf, INVALID_HANDLE_VALUE);
    assert_int_equal(line, 0);
    return inf;
}

/* ---- opening ---- */

static void test_open(void **state)
{
    UINT line;
    char path[512];

    (void)state;
    rig_write("bad.inf", "[Version]\nSignature=$CHICAGO$\n[x\n");
    rig_write("old.inf", "[Identification]\nOptionType=x\n");
    assert_ptr_equal(SetupOpenInfFileA(rig_path("bad.inf"), NULL, INF_STYLE_WIN4, &line),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_BAD_SECTION_NAME_LINE);
    assert_int_equal(line, 3);
    assert_ptr_equal(SetupOpenInfFileA(rig_path("old.inf"), NULL, INF_STYLE_WIN4, &line),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_WRONG_INF_STYLE);
    assert_int_equal(line, 0);
    assert_ptr_equal(SetupOpenInfFileA(rig_path("none.inf"), NULL, INF_STYLE_WIN4, NULL),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_ptr_equal(SetupOpenInfFileA("nowhere.inf", NULL, INF_STYLE_WIN4, NULL),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_ptr_equal(SetupOpenInfFileA(NULL, NULL, INF_STYLE_WIN4, NULL), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    snprintf(path, sizeof(path), "%s/wdm.inf", INF_CORPUS);
    assert_ptr_equal(SetupOpenInfFileA(path, "Net", INF_STYLE_WIN4, NULL), INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_CLASS_MISMATCH);
    SetupCloseInfFile(SetupOpenInfFileA(path, "SAMPLE", INF_STYLE_WIN4, NULL));
    SetupCloseInfFile(INVALID_HANDLE_VALUE); /* nothing happens */
}

/* One that a program leaves open goes with the system. */
static void test_left_open(void **state)
{
    (void)state;
    (void)open_corpus("odd.inf");
}

/* ---- lines and fields ---- */

static void test_lines(void **state)
{
    HINF inf = open_corpus("odd.inf");
    INFCONTEXT context, next;
    WCHAR text[64];
    DWORD needed;

    (void)state;
    assert_int_equal(SetupGetLineCountW(inf, L"lines"), 25);
    assert_int_equal(SetupGetLineCountW(inf, L"empty"), 0);
    assert_int_equal(SetupGetLineCountW(inf, L"none"), -1);
    assert_int_equal(GetLastError(), ERROR_SECTION_NOT_FOUND);
    assert_false(SetupFindFirstLineW(inf, L"none", NULL, &context));
    assert_int_equal(GetLastError(), ERROR_SECTION_NOT_FOUND);
    assert_false(SetupFindFirstLineW(inf, L"Lines", L"zz", &context));
    assert_int_equal(GetLastError(), ERROR_LINE_NOT_FOUND);
    assert_true(SetupFindFirstLineW(inf, L"LINES", L"AB", &context));
    assert_int_equal(SetupGetFieldCount(&context), 1);
    assert_true(SetupFindNextMatchLineW(&context, L"ab", &next));
    assert_int_equal(SetupGetFieldCount(&next), 4);
    assert_true(SetupGetStringFieldW(&next, 4, text, 64, &needed));
    assert_wide_equal(text, L"ij");
    assert_int_equal(needed, 3);
    assert_true(SetupGetStringFieldW(&next, 0, text, 64, NULL));
    assert_wide_equal(text, L"ab");
    assert_false(SetupGetStringFieldW(&next, 5, text, 64, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(SetupGetStringFieldW(&next, 4, text, 2, &needed));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_true(SetupGetStringFieldW(&next, 4, NULL, 0, &needed));
    assert_int_equal(needed, 3);
    assert_true(SetupGetLineTextW(&next, NULL, NULL, NULL, text, 64, NULL));
    assert_wide_equal(text, L"cd,ef,gh,ij");
    assert_true(SetupGetLineTextW(NULL, inf, L"Lines", L"k", text, 64, NULL));
    assert_wide_equal(text, L"firstsecond");
    assert_true(SetupGetLineByIndexW(inf, L"Lines", 24, &context));
    assert_false(SetupFindNextLine(&context, &context));
    assert_int_equal(GetLastError(), ERROR_LINE_NOT_FOUND);
    SetupCloseInfFile(inf);
    assert_false(SetupFindFirstLineW(inf, L"Lines", NULL, &context));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
}

static void test_values(void **state)
{
    HINF inf = open_corpus("wdm.inf");
    INFCONTEXT line;
    WCHAR list[64];
    BYTE bytes[16];
    DWORD needed;
    INT number;

    (void)state;
    assert_true(SetupGetLineByIndexW(inf, L"Device.AddReg", 0, &line));
    assert_true(SetupGetIntField(&line, 4, &number));
    assert_int_equal(number, 0x10001);
    assert_true(SetupGetIntField(&line, 2, &number)); /* empty */
    assert_int_equal(number, 0);
    assert_false(SetupGetIntField(&line, 3, &number));
    assert_int_equal(GetLastError(), ERROR_INVALID_DATA);
    assert_true(SetupFindNextLine(&line, &line));
    assert_true(SetupGetMultiSzFieldW(&line, 5, list, 64, &needed));
    assert_int_equal(needed, 15);
    assert_memory_equal(list, L"one\0two\0three\0", 15 * sizeof(WCHAR));
    assert_false(SetupGetMultiSzFieldW(&line, 5, list, 14, &needed));
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_true(SetupFindNextLine(&line, &line));
    assert_true(SetupGetBinaryField(&line, 5, bytes, sizeof(bytes), &needed));
    assert_int_equal(needed, 6);
    assert_memory_equal(bytes, "\xde\xad\xbe\xef\x01\x02", 6);
    assert_false(SetupGetBinaryField(&line, 1, bytes, sizeof(bytes), &needed));
    assert_int_equal(GetLastError(), ERROR_INVALID_DATA);
    SetupCloseInfFile(inf);
}

static void test_append(void **state)
{
    INFCONTEXT line;
    HINF inf;

    (void)state;
    rig_write("a.inf", "[Version]\nSignature=$CHICAGO$\nLayoutFile=b.inf\n[s]\none=1\n");
    rig_write("b.inf", "[Version]\nSignature=$CHICAGO$\n[s]\ntwo=%x%\n[Strings]\nx=2\n");
    inf = SetupOpenInfFileA(rig_path("a.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_int_equal(SetupGetLineCountA(inf, "s"), 1);
    assert_true(SetupOpenAppendInfFileA(NULL, inf, NULL));
    assert_int_equal(SetupGetLineCountA(inf, "s"), 2);
    assert_true(SetupFindFirstLineA(inf, "s", NULL, &line));
    assert_true(SetupFindNextLine(&line, &line));
    CHAR text[8];
    assert_true(SetupGetStringFieldA(&line, 1, text, sizeof(text), NULL));
    assert_string_equal(text, "2");
    assert_false(SetupOpenAppendInfFileA("c.inf", inf, NULL));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    SetupCloseInfFile(inf);
}

static void test_information(void **state)
{
    HINF inf = open_corpus("wdm.inf");
    union {
        SP_INF_INFORMATION information;
        BYTE room[2048];
    } buffer;
    WCHAR text[64], *extension;
    CHAR name[32], path[512];
    DWORD needed;
    GUID guid;

    (void)state;
    assert_true(SetupGetInfInformationW(inf, INFINFO_INF_SPEC_IS_HINF, NULL, 0, &needed));
    assert_true(needed <= sizeof(buffer));
    assert_true(
        SetupGetInfInformationW(inf, INFINFO_INF_SPEC_IS_HINF, &buffer.information, needed, NULL));
    assert_int_equal(buffer.information.InfStyle, INF_STYLE_WIN4);
    assert_int_equal(buffer.information.InfCount, 1);
    assert_true(SetupQueryInfVersionInformationW(&buffer.information, 0, L"class", text, 64, NULL));
    assert_wide_equal(text, L"Sample");
    assert_true(SetupDiGetActualSectionToInstallW(inf, L"Install", text, 64, NULL, &extension));
    assert_wide_equal(text, L"Install.NT");
    assert_wide_equal(extension, L".NT");
    SetupCloseInfFile(inf);
    snprintf(path, sizeof(path), "%s/wdm.inf", INF_CORPUS);
    assert_true(SetupDiGetINFClassA(path, &guid, name, sizeof(name), NULL));
    assert_string_equal(name, "Sample");
    assert_int_equal(guid.Data1, 0x78a1c341);
    snprintf(path, sizeof(path), "%s/service.inf", INF_CORPUS);
    assert_false(SetupDiGetINFClassA(path, &guid, name, sizeof(name), NULL));
    assert_int_equal(GetLastError(), ERROR_NO_ASSOCIATED_CLASS);
}

/* ---- running sections ---- */

#define ONE L"\\Registry\\Machine\\Software\\One"

static void test_registry(void **state)
{
    static const char text[] =
        "[Version]\nSignature=$CHICAGO$\n[Install]\nAddReg=Add\nDelReg=Del\nBitReg=Bit\n"
        "[Add]\nHKLM,Software\\One,Number,0x10001,10\nHKLM,Software\\One,Bytes4,0x10001,1,2,3,4\n"
        "HKLM,Software\\One,Long,0xb0001,1,0,0,0,0,0,0,80\n"
        "HKLM,Software\\One,Text,,\"a %%b%%\"\nHKLM,Software\\One,Expand,0x20000,%%x%%\n"
        "HKLM,Software\\One,List,0x10000,a,b\nHKLM,Software\\One,List,0x10008,b\n"
        "HKLM,Software\\One,List,0x10008,c\nHKLM,Software\\One,Bits,1,0f,f0\n"
        "HKLM,Software\\One,Number,0x10003,11\nHKLM,Software\\One,None,0x10021,1\n"
        "HKLM,Software\\One,Typed,0x00070001,61,00,00,00\nHKLM,Software\\One\\Key,,0x10\n"
        "HKR,Sub,FromHkr,,yes\nHKCR,.one,,,class\nHKCU,Own,V,,user\n"
        "[Del]\nHKLM,Software\\Two\nHKLM,Software\\One,Gone\nHKLM,Software\\None\n"
        "HKLM,Software\\One,Old,0x00018002,x\nHKLM\n"
        "[Bit]\nHKLM,Software\\One,Bits,1,0x40,0\nHKLM,Software\\One,Bits,0,0x30,1\n"
        "HKLM,Software\\One,Absent,1,1,0\n";
    ULONG type, bytes;
    PVOID data;
    HINF inf;

    (void)state;
    assert_int_equal(CmpSetString(L"\\Registry\\Machine\\Software\\Two\\Deep", L"x", L"y"), 0);
    assert_int_equal(CmpSetString(ONE, L"Gone", L"y"), 0);
    assert_int_equal(CmpSetMultiString(ONE, L"Old", L"w\0x\0y\0"), 0);
    rig_write("run.inf", text);
    inf = SetupOpenInfFileA(rig_path("run.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_true(SetupInstallFromInfSectionA(NULL, inf, "Install", SPINST_REGISTRY,
                                            (HKEY)(ULONG_PTR)0x80000002, NULL, 0, NULL, NULL, NULL,
                                            NULL));
    assert_number(ONE, L"Number", 10); /* NOCLOBBER left it */
    assert_number(ONE, L"Bytes4", 0x04030201);
    assert_no_value(ONE, L"None"); /* OVERWRITEONLY made nothing */
    assert_string(ONE, L"Text", L"a %b%");
    assert_string(ONE, L"Expand", L"%x%");
    assert_int_equal(CmpQueryValue(ONE, L"List", &type, &data, &bytes), 0);
    assert_int_equal(bytes, 7 * sizeof(WCHAR));
    assert_memory_equal(data, L"a\0b\0c\0", bytes);
    ExFreePool(data);
    assert_int_equal(CmpQueryValue(ONE, L"Long", &type, &data, &bytes), 0);
    assert_int_equal(type, 11);
    assert_memory_equal(data, "\1\0\0\0\0\0\0\x80", 8);
    ExFreePool(data);
    assert_int_equal(CmpQueryValue(ONE, L"Typed", &type, &data, &bytes), 0);
    assert_int_equal(type, 7);
    assert_int_equal(bytes, 4);
    ExFreePool(data);
    assert_int_equal(CmpQueryValue(ONE, L"Bits", &type, &data, &bytes), 0);
    assert_memory_equal(data, "\x4f\xc0", 2);
    ExFreePool(data);
    assert_int_equal(CmpQueryValue(ONE, L"Old", &type, &data, &bytes), 0);
    assert_memory_equal(data, L"w\0y\0", bytes);
    ExFreePool(data);
    assert_true(CmpKeyExists(ONE L"\\Key"));
    assert_false(CmpKeyExists(L"\\Registry\\Machine\\Software\\Two"));
    assert_no_value(ONE, L"Gone");
    assert_no_value(ONE, L"Absent");
    assert_string(L"\\Registry\\Machine\\Sub", L"FromHkr", L"yes");
    assert_string(L"\\Registry\\Machine\\Software\\Classes\\.one", L"", L"class");
    assert_string(L"\\Registry\\User\\.Default\\Own", L"V", L"user");
    assert_false(SetupInstallFromInfSectionA(NULL, inf, "None", SPINST_REGISTRY, NULL, NULL, 0,
                                             NULL, NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_SECTION_NOT_FOUND);
    SetupCloseInfFile(inf);
}

static void test_services(void **state)
{
    HINF inf = open_corpus("service.inf");

    (void)state;
    assert_int_equal(CmpSetUlong(CCS L"Services\\two", L"Type", 1), 0);
    assert_true(SetupInstallServicesFromInfSectionW(inf, L"DefaultInstall.NTamd64.Services", 0));
    assert_number(CCS L"Services\\one", L"Start", 3);
    assert_string(CCS L"Services\\one", L"Group", L"Extended Base");
    assert_string(CCS L"Services\\one", L"DependOnGroup", L"Base");
    assert_string(CCS L"Services\\one", L"DependOnService", L"two");
    assert_number(CCS L"Services\\one\\Parameters", L"Level", 0xffffffff);
    assert_number(CCS L"Services\\EventLog\\System\\one", L"TypesSupported", 7);
    assert_false(CmpKeyExists(CCS L"Services\\two"));
    SetupCloseInfFile(inf);
    rig_write("bad.inf",
              "[Version]\nSignature=$CHICAGO$\n[S]\nAddService=x,,I\n[I]\nStartType=3\n");
    inf = SetupOpenInfFileA(rig_path("bad.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_false(SetupInstallServicesFromInfSectionA(inf, "S", 0));
    assert_int_equal(GetLastError(), ERROR_BAD_SERVICE_INSTALLSECT);
    SetupCloseInfFile(inf);
}

static void test_files(void **state)
{
    static const char text[] =
        "[Version]\nSignature=$CHICAGO$\n[Install]\nInclude=more.inf,none.inf\nNeeds=More\n"
        "CopyFiles=Copy,@direct.txt\nRenFiles=Ren\nDelFiles=Del\n"
        "[DestinationDirs]\nDefaultDestDir=10\nCopy=12,sub\\dir\nRen=12,sub\\dir\nDel=10\n"
        "[SourceDisksNames]\n1=d,,,media\n[SourceDisksFiles]\na.txt=1,in\ndirect.txt=1\n"
        "[Copy]\nb.txt,a.txt\nc.txt,a.txt\n[Ren]\nrenamed.txt,c.txt\n[Del]\ngone.txt\n";
    char root[200], path[400];
    HINF inf;

    (void)state;
    rig_write("run.inf", text);
    rig_write("more.inf", "[Version]\nSignature=$CHICAGO$\n[More]\nAddReg=R\n"
                          "[R]\nHKLM,Software\\One,Needed,,yes\n[Loop]\nNeeds=Loop\n");
    rig_write("media/in/a.txt", "A");
    rig_write("media/direct.txt", "D");
    assert_int_equal(ntio_get_system_root(root, sizeof(root)), 0);
    snprintf(path, sizeof(path), "%s/gone.txt", root);
    fclose(fopen(path, "w"));
    inf = SetupOpenInfFileA(rig_path("run.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_true(SetupInstallFromInfSectionA(NULL, inf, "Install", SPINST_ALL, NULL, NULL, 0, NULL,
                                            NULL, NULL, NULL));
    assert_false(rig_exists(path));
    snprintf(path, sizeof(path), "%s/System32/drivers/sub/dir/b.txt", root);
    assert_true(rig_exists(path));
    snprintf(path, sizeof(path), "%s/SYSTEM32/drivers/sub/dir/c.txt", root);
    assert_false(rig_exists(path));
    snprintf(path, sizeof(path), "%s/System32/drivers/sub/dir/renamed.txt", root);
    assert_true(rig_exists(path));
    snprintf(path, sizeof(path), "%s/direct.txt", root);
    assert_true(rig_exists(path));
    assert_string(ONE, L"Needed", L"yes");
    assert_false(SetupInstallFromInfSectionA(NULL, inf, "Loop", SPINST_ALL, NULL, NULL, 0, NULL,
                                             NULL, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_GENERAL_SYNTAX);
    SetupCloseInfFile(inf);
}

/* A queue does nothing before it is committed, and keeps its file open. */
static void test_queue(void **state)
{
    char root[200], path[400];
    HSPFILEQ queue = SetupOpenFileQueue();
    HINF inf;

    (void)state;
    assert_int_equal(ntio_get_system_root(root, sizeof(root)), 0);
    snprintf(path, sizeof(path), "%s/a.txt", root);
    rig_write("a.txt", "A");
    rig_write("run.inf", "[Version]\nSignature=$CHICAGO$\n[DestinationDirs]\nDefaultDestDir=10\n"
                         "[I]\nCopyFiles=@a.txt\n[J]\nCopyFiles=@b.txt\n");
    inf = SetupOpenInfFileA(rig_path("run.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_false(SetupInstallFilesFromInfSectionA(inf, NULL, queue, "none", NULL, 0));
    assert_int_equal(GetLastError(), ERROR_SECTION_NOT_FOUND);
    assert_false(SetupInstallFilesFromInfSectionA(inf, NULL, inf, "I", NULL, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_true(SetupInstallFilesFromInfSectionA(inf, NULL, queue, "I", NULL, 0));
    SetupCloseInfFile(inf);
    assert_false(rig_exists(path));
    assert_true(SetupCommitFileQueueA(NULL, queue, NULL, NULL));
    assert_true(rig_exists(path));
    inf = SetupOpenInfFileA(rig_path("run.inf"), NULL, INF_STYLE_WIN4, NULL);
    assert_true(SetupInstallFilesFromInfSectionA(inf, NULL, queue, "J", NULL, 0));
    assert_false(SetupCommitFileQueueA(NULL, queue, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    SetupCloseInfFile(inf);
    assert_true(SetupCloseFileQueue(queue));
    assert_false(SetupCloseFileQueue(queue));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    (void)SetupOpenFileQueue(); /* left open: it goes with the system */
}

/* ---- the store ---- */

static void test_copy_oem(void **state)
{
    CHAR path[MAX_PATH], *component;

    (void)state;
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    assert_false(SetupCopyOEMInfA(rig_inf("one"), NULL, SPOST_NONE, SP_COPY_REPLACEONLY, path,
                                  MAX_PATH, NULL, &component));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_true(
        SetupCopyOEMInfA(rig_inf("one"), NULL, SPOST_PATH, 0, path, MAX_PATH, NULL, &component));
    assert_string_equal(path, "C:\\Windows\\INF\\oem0.inf");
    assert_string_equal(component, "oem0.inf");
    SetupCloseInfFile(SetupOpenInfFileA("oem0.inf", "Toys", INF_STYLE_WIN4, NULL));
    SetupCloseInfFile(SetupOpenInfFileA(path, "Toys", INF_STYLE_WIN4, NULL));
    assert_false(SetupCopyOEMInfA(rig_inf("one"), NULL, SPOST_NONE, SP_COPY_NOOVERWRITE, path,
                                  MAX_PATH, NULL, NULL));
    assert_int_equal(GetLastError(), ERROR_FILE_EXISTS);
    assert_false(SetupUninstallOEMInfA("..\\oem0.inf", 0, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(SetupUninstallOEMInfA("oem0.inf", 0, NULL));
    assert_false(SetupUninstallOEMInfA("oem0.inf", 0, NULL));
    assert_int_equal(GetLastError(), ERROR_NOT_AN_INSTALLED_OEM_INF);
}

/* ---- driver lists ---- */

static void test_driver_list(void **state)
{
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    SP_DRVINFO_DATA_W driver = {.cbSize = sizeof(driver)}, chosen = {.cbSize = sizeof(chosen)};
    SP_DRVINSTALL_PARAMS params = {.cbSize = sizeof(params)};
    SP_DEVINSTALL_PARAMS_W install = {.cbSize = sizeof(install)};
    union {
        SP_DRVINFO_DETAIL_DATA_W data;
        BYTE room[4096];
    } detail;
    WCHAR path[200];
    DWORD needed;
    HDEVINFO set;

    (void)state;
    rig_device("TOY", "toy\\one", path);
    rig_package("one", "toya", "Toy\\One,Toy\\Old", "02/03/2024,1.2.3.4", "", "");
    rig_package("two", "toyb", "Other,Toy\\One", "02/03/2024,1.2.3.4", "", "");
    assert_true(SetupCopyOEMInfA(rig_inf("one"), NULL, 0, 0, NULL, 0, NULL, NULL));
    assert_true(SetupCopyOEMInfA(rig_inf("two"), NULL, 0, 0, NULL, 0, NULL, NULL));
    set = SetupDiCreateDeviceInfoList(NULL, NULL);
    assert_true(SetupDiOpenDeviceInfoW(set, path, NULL, 0, &device));
    assert_false(SetupDiGetSelectedDriverW(set, &device, &driver));
    assert_int_equal(GetLastError(), ERROR_NO_DRIVER_SELECTED);
    assert_false(SetupDiBuildDriverInfoList(set, NULL, SPDIT_COMPATDRIVER));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(SetupDiBuildDriverInfoList(set, &device, SPDIT_COMPATDRIVER));
    assert_true(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 0, &driver));
    assert_wide_equal(driver.Description, L"A toy (one)");
    assert_wide_equal(driver.MfgName, L"Toy maker");
    assert_wide_equal(driver.ProviderName, L"Toy maker");
    assert_true(driver.DriverVersion == 0x0001000200030004ULL);
    assert_true(SetupDiGetDriverInstallParamsW(set, &device, &driver, &params));
    assert_int_equal(params.Rank, 0x80ff0000);
    detail.data.cbSize = sizeof(detail.data);
    assert_true(
        SetupDiGetDriverInfoDetailW(set, &device, &driver, &detail.data, sizeof(detail), &needed));
    assert_wide_equal(detail.data.SectionName, L"Install");
    assert_wide_equal(detail.data.HardwareID, L"Toy\\One");
    assert_int_equal(detail.data.CompatIDsOffset, 8);
    assert_int_equal(detail.data.CompatIDsLength, 9);
    assert_memory_equal(detail.data.HardwareID + 8, L"Toy\\Old\0", 9 * sizeof(WCHAR));
    assert_true(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 1, &driver));
    assert_wide_equal(driver.Description, L"A toy (two)");
    assert_false(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 2, &driver));
    assert_int_equal(GetLastError(), ERROR_NO_MORE_ITEMS);
    assert_true(SetupDiCallClassInstaller(DIF_SELECTBESTCOMPATDRV, set, &device));
    assert_true(SetupDiGetSelectedDriverW(set, &device, &chosen));
    assert_wide_equal(chosen.Description, L"A toy (one)");
    /* The second best is installed because it was asked for. */
    assert_true(SetupDiSetSelectedDriverW(set, &device, &driver));
    assert_true(SetupDiCallClassInstaller(DIF_INSTALLDEVICE, set, &device));
    assert_string_equal(rig_stack(path), "toyb");
    assert_true(SetupDiDestroyDriverInfoList(set, &device, SPDIT_COMPATDRIVER));
    assert_false(SetupDiGetSelectedDriverW(set, &device, &chosen));
    /* Only what it has. */
    assert_true(SetupDiGetDeviceInstallParamsW(set, &device, &install));
    install.FlagsEx |= DI_FLAGSEX_INSTALLEDDRIVER;
    assert_true(SetupDiSetDeviceInstallParamsW(set, &device, &install));
    assert_true(SetupDiBuildDriverInfoList(set, &device, SPDIT_COMPATDRIVER));
    assert_true(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 0, &driver));
    assert_wide_equal(driver.Description, L"A toy (two)");
    assert_false(SetupDiEnumDriverInfoW(set, &device, SPDIT_COMPATDRIVER, 1, &driver));
    assert_true(SetupDiDestroyDeviceInfoList(set));
}

int main(int argc, char **argv)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_open),   TEST(test_left_open),   TEST(test_lines),    TEST(test_values),
        TEST(test_append), TEST(test_information), TEST(test_registry), TEST(test_services),
        TEST(test_files),  TEST(test_queue),       TEST(test_copy_oem), TEST(test_driver_list),
    };
    if (argc != 2)
        return 2;
    rig_toy = argv[1];
    return cmocka_run_group_tests_name("setup api", tests, NULL, NULL);
}
