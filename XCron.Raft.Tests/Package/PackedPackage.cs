using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace XCron.Raft.Tests.Package;

/// <summary>The files that <c>dotnet pack</c> left, opened as a stranger would.</summary>
internal sealed class PackedPackage : IDisposable
{
    private const string Library = "lib/net10.0/XCron.Raft.dll";

    private readonly ZipArchive _package;
    private readonly ZipArchive _symbols;

    public PackedPackage(string feed)
    {
        _package = ZipFile.OpenRead(Directory.GetFiles(feed, "*.nupkg").Single());
        _symbols = ZipFile.OpenRead(Directory.GetFiles(feed, "*.snupkg").Single());
    }

    public IEnumerable<string> Files => _package.Entries.Select(entry => entry.FullName);

    /// <summary>The package's own description of itself, without XML namespaces.</summary>
    public XElement Metadata
    {
        get
        {
            var nuspec = Xml(_package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec")).FullName);
            foreach (var element in nuspec.DescendantsAndSelf())
                element.Name = element.Name.LocalName;
            return nuspec.Element("metadata")!;
        }
    }

    public XElement Documentation => Xml("lib/net10.0/XCron.Raft.xml");

    public string Readme
    {
        get
        {
            using var reader = new StreamReader(_package.GetEntry("README.md")!.Open());
            return reader.ReadToEnd();
        }
    }

    /// <summary>Full names of the types that a stranger sees.</summary>
    public string[] PublicTypes
    {
        get
        {
            using var library = new PEReader(new MemoryStream(Bytes(_package, Library)));
            var metadata = library.GetMetadataReader();
            return
            [
                .. from handle in metadata.TypeDefinitions
                   let type = metadata.GetTypeDefinition(handle)
                   where (type.Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public
                   select $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}",
            ];
        }
    }

    /// <summary>Whether the same source gives the same bytes.</summary>
    public bool IsReproducible
    {
        get
        {
            using var library = new PEReader(new MemoryStream(Bytes(_package, Library)));
            return library.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible);
        }
    }

    /// <summary>The source files that the symbols name.</summary>
    public string[] SymbolDocuments
    {
        get
        {
            var bytes = Bytes(_symbols, Path.ChangeExtension(Library, ".pdb"));
            using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(bytes));
            var metadata = provider.GetMetadataReader();
            return [.. metadata.Documents.Select(handle => metadata.GetString(metadata.GetDocument(handle).Name))];
        }
    }

    public void Dispose()
    {
        _package.Dispose();
        _symbols.Dispose();
    }

    private XElement Xml(string entry)
    {
        using var stream = _package.GetEntry(entry)!.Open();
        return XElement.Load(stream);
    }

    private static byte[] Bytes(ZipArchive archive, string entry)
    {
        using var stream = archive.GetEntry(entry)!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
