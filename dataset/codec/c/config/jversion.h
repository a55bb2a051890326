// libjpeg-turbo's version strings, which only its messages show.
#define JVERSION "6b"
#define JCOPYRIGHT1 ""
#define JCOPYRIGHT2 ""
#define JCOPYRIGHT ""
#define JCOPYRIGHT_SHORT ""
